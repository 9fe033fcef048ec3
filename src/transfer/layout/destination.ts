// A layout in a directory as a destination. Several processes may write one: blobs arrive under a lock of their own, and
// index.json is read again, changed and replaced under the directory's.
import { mkdir, open, readdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { Tag } from "../../oci/reference.ts";
import type { DestinationPlace } from "../place.ts";
import { receiveFile } from "./blob-file.ts";
import { blobPath, readIfThere, regularSize } from "./files.ts";
import { withFlock } from "./flock-file.ts";
import {
  emptyLayoutIndex,
  formatLayoutIndex,
  type LayoutIndex,
  layoutEntries,
  type NewLayoutEntry,
  readLayoutIndex,
  withLayoutEntry,
} from "./index-file.ts";

const layoutMarker = JSON.stringify({ imageLayoutVersion: "1.0.0" });
/** Blobs that are not whole yet: beside the blobs they would be taken for some. */
const partialDirectory = ".partial";

/** How a layout is written. */
export interface LayoutOptions {
  /** For messages. */
  readonly label: string;
  /** What an image is called in it. */
  readonly nameOf: (tag: Tag) => string;
}

/** Makes the layout if necessary; refuses a directory that holds something else. */
export async function openLayoutDestination(
  directory: string,
  { label, nameOf }: LayoutOptions,
): Promise<DestinationPlace> {
  await prepare(directory, label);
  const path = (digest: Digest) => join(directory, blobPath(digest));
  const read = () => readIndex(directory, label);
  const list = (entry: NewLayoutEntry) => withFlock(directory, () => addEntry(directory, entry, label));
  return {
    label,
    home: undefined,
    isComplete: false,
    hasBlob: async ({ digest, sizeBytes }) => (await regularSize(path(digest))) === sizeBytes,
    mountBlob: async () => false,
    putBlob: async (blob, arrival) => {
      const partial = join(directory, partialDirectory, blob.digest.replace(":", "-"));
      await receiveFile({ blob, arrival, partial, path: path(blob.digest) });
    },
    hasManifest: async (digest, { isRoot }) =>
      (await regularSize(path(digest))) !== undefined &&
      (!isRoot || layoutEntries(await read()).some(({ descriptor }) => descriptor.digest === digest)),
    tagged: async (tag) =>
      layoutEntries(await read()).find(({ names }) => names.includes(nameOf(tag)))?.descriptor.digest,
    putManifest: async ({ digest, mediaType, bytes }, { tags, isRoot }) => {
      if ((await regularSize(path(digest))) !== bytes.length) await replaceFile(path(digest), bytes);
      const names = tags.length === 0 && isRoot ? [undefined] : tags.map(nameOf);
      for (const name of names) await list({ mediaType, digest, sizeBytes: bytes.length, name });
    },
    finish: async () => {
      await rmdir(join(directory, partialDirectory)).catch(() => undefined);
    },
    abandon: async () => {},
  };
}

async function prepare(directory: string, label: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const marker = join(directory, "oci-layout");
  if ((await regularSize(marker)) !== undefined) return;
  // Under the lock, since another process may be doing the same.
  await withFlock(directory, async () => {
    if ((await regularSize(marker)) !== undefined) return;
    const others = (await readdir(directory)).filter((name) => !isOurs(name));
    if (others.length > 0) {
      throw new RegistryError("UNSUPPORTED", {
        message: `${label} is not empty and no OCI layout; name another directory`,
      });
    }
    if ((await regularSize(join(directory, "index.json"))) === undefined) {
      await replaceFile(join(directory, "index.json"), formatLayoutIndex(emptyLayoutIndex));
    }
    await replaceFile(marker, layoutMarker);
  });
}

/** Also what was left by one that was killed as it began. */
function isOurs(name: string): boolean {
  return (
    ["blobs", "index.json", partialDirectory].includes(name) || /^(?:index\.json|oci-layout)\.[\w-]+\.tmp$/.test(name)
  );
}

async function readIndex(directory: string, label: string): Promise<LayoutIndex> {
  const bytes = await readIfThere(join(directory, "index.json"));
  if (bytes === undefined) return emptyLayoutIndex;
  try {
    return readLayoutIndex(JSON.parse(new TextDecoder().decode(bytes)), label);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RegistryError("MANIFEST_INVALID", { message: `${label}: index.json is not JSON; repair or remove it` });
  }
}

async function addEntry(directory: string, entry: NewLayoutEntry, label: string): Promise<void> {
  const index = await readIndex(directory, label);
  await replaceFile(join(directory, "index.json"), formatLayoutIndex(withLayoutEntry(index, entry)));
}

/** Writes beside the place, syncs, and renames: a reader sees the old file or the new one. */
async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}-${crypto.randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
