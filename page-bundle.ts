// Bundles the web page of src/ui into one script, one style sheet and an icon, compressed, for the executable.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import type { PackedFile } from "./src/http/page-files.ts";

const sources = join(import.meta.dir, "src/ui");

/** The files of the page; throws an AggregateError if the sources do not build. */
export async function bundlePage(): Promise<readonly PackedFile[]> {
  const result = await Bun.build({
    entrypoints: [join(sources, "main.tsx"), join(sources, "page.css")],
    target: "browser",
    format: "esm",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const bytesEndingIn = async (ending: string) => {
    const output = result.outputs.find(({ path }) => path.endsWith(ending));
    if (output === undefined) throw new Error(`the bundle of the page has no ${ending}`);
    return new Uint8Array(await output.arrayBuffer());
  };
  return [
    pack(await bytesEndingIn(".js"), { stem: "page", ending: "js", type: "text/javascript; charset=utf-8" }),
    pack(await bytesEndingIn(".css"), { stem: "page", ending: "css", type: "text/css; charset=utf-8" }),
    pack(readFileSync(join(sources, "icon.svg")), { stem: "icon", ending: "svg", type: "image/svg+xml" }),
  ];
}

/** The name changes with the content, so that browsers may keep the file for ever. */
function pack(
  bytes: Uint8Array,
  { stem, ending, type }: { readonly stem: string; readonly ending: string; readonly type: string },
): PackedFile {
  const hash = Bun.CryptoHasher.hash("sha256", bytes, "hex").slice(0, 16);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  return { name: `${stem}-${hash}.${ending}`, type, brotli: brotliCompressSync(bytes, { params }).toString("base64") };
}
