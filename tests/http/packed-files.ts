// A page of a few letters, packed as the build packs the real one.
import { brotliCompressSync } from "node:zlib";
import type { PackedFile } from "../../src/http/page-files.ts";

const pack = (text: string) => brotliCompressSync(text).toString("base64");

/** Its files. */
export const packed: readonly PackedFile[] = [
  { name: "page-1.js", type: "text/javascript; charset=utf-8", brotli: pack("script") },
  { name: "page-2.css", type: "text/css; charset=utf-8", brotli: pack("style") },
  { name: "icon-3.svg", type: "image/svg+xml", brotli: pack("icon") },
];
