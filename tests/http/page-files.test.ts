import { expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { openPageFiles } from "../../src/http/page-files.ts";
import { packed } from "./packed-files.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("openPageFiles() unpacks a file into every encoding", () => {
  const file = openPageFiles(packed).find("page-1.js");
  if (file === undefined) throw new Error("it is there");
  const { br, gzip, identity } = file.encoded;
  expect([file.type, text(brotliDecompressSync(br)), text(gunzipSync(gzip)), text(identity)]).toEqual([
    "text/javascript; charset=utf-8",
    "script",
    "script",
    "script",
  ]);
});

test("openPageFiles() finds names by their ending, and nothing else", () => {
  const files = openPageFiles(packed);
  expect([files.nameEndingIn(".css"), files.find("page-2.css")?.name, files.find("x")]).toEqual([
    "page-2.css",
    "page-2.css",
    undefined,
  ]);
});
