// The files of the web page: packed into the executable, unpacked when a browser first comes.
import { nodeZlib } from "../lib/late-modules.ts";

/** A file as the build packs it. */
export interface PackedFile {
  /** Changes with the content: `page-0123456789abcdef.js`. */
  readonly name: string;
  readonly type: string;
  /** Compressed, in base64. */
  readonly brotli: string;
}

/** A file as it is sent, by encoding. */
export interface PageFile {
  readonly name: string;
  readonly type: string;
  readonly encoded: Readonly<Record<PageEncoding, Uint8Array<ArrayBuffer>>>;
}

/** How a file may be encoded on its way. */
export type PageEncoding = "br" | "gzip" | "identity";

/** The files of the page. */
export interface PageFiles {
  /** The file of that name; undefined if there is none. */
  find(name: string): PageFile | undefined;
  /** The name of the first file that ends like this, such as ".js". */
  nameEndingIn(ending: string): string;
}

/** Unpacks each file when it is first asked for. */
export function openPageFiles(packed: readonly PackedFile[]): PageFiles {
  const unpacked = new Map<string, PageFile>();
  return {
    find: (name) => {
      const found = unpacked.get(name) ?? unpack(packed.find((file) => file.name === name));
      if (found !== undefined) unpacked.set(name, found);
      return found;
    },
    nameEndingIn: (ending) => packed.find(({ name }) => name.endsWith(ending))?.name ?? "",
  };
}

function unpack(file: PackedFile | undefined): PageFile | undefined {
  if (file === undefined) return undefined;
  const br = new Uint8Array(Buffer.from(file.brotli, "base64"));
  const identity = new Uint8Array(nodeZlib().brotliDecompressSync(br));
  return {
    name: file.name,
    type: file.type,
    encoded: { br, gzip: new Uint8Array(nodeZlib().gzipSync(identity)), identity },
  };
}
