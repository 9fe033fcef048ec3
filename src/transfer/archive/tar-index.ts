// What lies where in a tar archive that is a file. Only headers are read, and nothing is unpacked, so names that lead out
// of a directory lead nowhere. A stranger wrote it: everything is bounded.
import { type FileHandle, open } from "node:fs/promises";
import { Header, type HeaderData } from "tar/header";
import { Pax } from "tar/pax";
import { stepAside } from "../../lib/pacer.ts";
import { RegistryError } from "../../oci/errors.ts";

/** Bytes of an entry. */
export interface TarPlace {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** The files of an archive by their paths, and links between them. */
export interface TarIndex {
  readonly files: ReadonlyMap<string, TarPlace>;
  readonly links: ReadonlyMap<string, string>;
}

const blockBytes = 512;
/** Of the headers that describe the next one: paths of a few hundred bytes. */
const maxExtensionBytes = 1024 * 1024;
const maxEntries = 1_000_000;
/** Of these a reader that takes the first one and a reader that takes the last one would see different images. */
const uniquePaths: readonly string[] = ["oci-layout", "index.json", "manifest.json"];

/** Reads the headers up to the block that ends an archive; throws MANIFEST_INVALID for what is none, or is cut off. */
export async function indexTar(path: string, label: string): Promise<TarIndex> {
  const handle = await open(path, "r");
  try {
    return await new TarReader(handle, { label, sizeBytes: (await handle.stat()).size }).read();
  } finally {
    await handle.close();
  }
}

/** Follows links inside the archive; undefined if there is no such file. */
export function findInTar({ files, links }: TarIndex, path: string): TarPlace | undefined {
  let at: string | undefined = path;
  for (let hops = 0; at !== undefined && hops < 8; hops += 1) {
    const found = files.get(at);
    if (found !== undefined) return found;
    at = links.get(at);
  }
  return undefined;
}

class TarReader {
  readonly #handle: FileHandle;
  readonly #label: string;
  readonly #sizeBytes: number;
  readonly #files = new Map<string, TarPlace>();
  readonly #links = new Map<string, string>();
  #position = 0;
  /** What headers before it say about the next entry, and about all that follow. */
  #next: HeaderData = {};
  #all: HeaderData = {};

  constructor(handle: FileHandle, { label, sizeBytes }: { readonly label: string; readonly sizeBytes: number }) {
    this.#handle = handle;
    this.#label = label;
    this.#sizeBytes = sizeBytes;
  }

  async read(): Promise<TarIndex> {
    for (let entries = 0; ; entries += 1) {
      await stepAside();
      if (entries > maxEntries) throw this.#invalid(`has more than ${maxEntries} entries`);
      const block = await this.#bytes(this.#position, blockBytes);
      const header = this.#parse(block);
      if (header.nullBlock) return { files: this.#files, links: this.#links };
      if (!header.cksumValid) throw this.#invalid(describeNoTar(block));
      await this.#take(header);
    }
  }

  #parse(block: Buffer): Header {
    try {
      return new Header(block, 0, this.#next, this.#all);
    } catch {
      throw this.#invalid(describeNoTar(block));
    }
  }

  async #take(header: Header): Promise<void> {
    const { type, size: sizeBytes, path = "", linkpath = "" } = header;
    const offset = this.#position + blockBytes;
    if (sizeBytes === undefined) throw this.#invalid("has a file without a size");
    if (!Number.isSafeInteger(sizeBytes) || offset + sizeBytes > this.#sizeBytes) throw this.#invalid("is cut off");
    this.#position = offset + Math.ceil(sizeBytes / blockBytes) * blockBytes;
    if (await this.#takeExtension(type, offset, sizeBytes)) return;
    this.#next = {};
    const name = normalizePath(path);
    if (name === undefined) return;
    if (uniquePaths.includes(name) && this.#files.has(name)) throw this.#invalid(`has two files called ${name}`);
    if (type === "File" || type === "OldFile" || type === "ContiguousFile")
      this.#files.set(name, { offset, sizeBytes });
    else if (type === "Link" || type === "SymbolicLink") this.#link(name, linkpath, type === "SymbolicLink");
  }

  #link(name: string, target: string, isRelative: boolean): void {
    const directory = name.slice(0, name.lastIndexOf("/") + 1);
    const resolved = normalizePath(isRelative ? `${directory}${target}` : target);
    if (resolved !== undefined) this.#links.set(name, resolved);
  }

  /** Whether the header describes another one. */
  async #takeExtension(type: Header["type"], offset: number, sizeBytes: number): Promise<boolean> {
    const isLongName = type === "NextFileHasLongPath" || type === "NextFileHasLongLinkpath";
    const isPax = type === "ExtendedHeader" || type === "GlobalExtendedHeader";
    if (!isLongName && !isPax) return false;
    if (sizeBytes > maxExtensionBytes) throw this.#invalid("has a header that is too long");
    const text = (await this.#bytes(offset, sizeBytes)).toString();
    const [name = ""] = text.split("\0");
    if (type === "GlobalExtendedHeader") this.#all = Pax.parse(text, this.#all, true);
    else if (type === "ExtendedHeader") this.#next = Pax.parse(text, this.#next);
    else if (type === "NextFileHasLongPath") this.#next = { ...this.#next, path: name };
    else this.#next = { ...this.#next, linkpath: name };
    return true;
  }

  async #bytes(offset: number, lengthBytes: number): Promise<Buffer> {
    const buffer = Buffer.alloc(lengthBytes);
    for (let filled = 0; filled < lengthBytes; ) {
      const { bytesRead } = await this.#handle.read(buffer, filled, lengthBytes - filled, offset + filled);
      if (bytesRead === 0) throw this.#invalid("is cut off");
      filled += bytesRead;
    }
    return buffer;
  }

  #invalid(how: string): RegistryError {
    return new RegistryError("MANIFEST_INVALID", { message: `${this.#label} ${how}` });
  }
}

/** Without "./" and ".."; undefined for what leads out of the archive, which nothing in a layout does. */
function normalizePath(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.length === 0 || path.startsWith("/") ? undefined : parts.join("/");
}

function describeNoTar(block: Buffer): string {
  if (block[0] === 0x1f && block[1] === 0x8b) return "is compressed; decompress it first, with `gunzip`";
  if (block.readUInt32LE(0) === 0xfd2fb528) return "is compressed; decompress it first, with `unzstd`";
  return "is no tar archive";
}
