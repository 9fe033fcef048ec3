// A blob that arrives as a file: under a lock, continued where an earlier attempt ended, and in its place only when it is
// right and on the disk.
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { errorCode } from "../../lib/system-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestAlgorithm } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { type RunningHash, startHash } from "../../oci/hash.ts";
import { openFlock } from "../../storage/flock.ts";
import type { BlobArrival } from "../place.ts";
import { verified } from "../verified.ts";

/** Where a blob comes to lie. */
export interface BlobFile {
  readonly blob: Descriptor;
  readonly arrival: BlobArrival;
  /** Where it grows. */
  readonly partial: string;
  readonly path: string;
}

const pollMs = 100;
const maxAttempts = 100;
const writeBytes = 1024 * 1024;
const modeOfFiles = 0o666;

/** Ensures that the blob is in the layout, by this copy or another one. */
export async function receiveFile(file: BlobFile): Promise<void> {
  const { blob, arrival, partial, path } = file;
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    const handle = await openPartial(partial);
    try {
      if (!openFlock().tryLock(handle.fd, "alone")) {
        await pause(pollMs, undefined, { signal: arrival.signal });
        if ((await stat(path).catch(() => undefined))?.size === blob.sizeBytes) return;
      } else if ((await isAt(handle, partial)) && (await fill(handle, file)) === "stored") return;
    } finally {
      await handle.close();
    }
  }
}

/** Another copy that has finished removes the directory if it is empty. */
async function openPartial(path: string): Promise<FileHandle> {
  for (let attempt = 1; ; attempt += 1) {
    await mkdir(dirname(path), { recursive: true });
    try {
      return await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, modeOfFiles);
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || attempt === maxAttempts) throw error;
    }
  }
}

/** Whether the locked file is still under its name: its last holder may have moved it into its place. */
async function isAt(handle: FileHandle, path: string): Promise<boolean> {
  try {
    const [held, there] = [await handle.stat(), await stat(path)];
    return held.ino === there.ino && held.dev === there.dev;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** "again" where what an earlier attempt left behind was wrong; it is gone then. */
async function fill(handle: FileHandle, { blob, arrival, partial, path }: BlobFile): Promise<"stored" | "again"> {
  const { digest, sizeBytes } = blob;
  const hash = startHash(digestAlgorithm(digest));
  const resumedBytes = (await handle.stat()).size;
  if (resumedBytes <= sizeBytes) {
    for await (const chunk of Bun.file(partial).slice(0, resumedBytes).stream()) hash.update(chunk);
    if (resumedBytes > 0) arrival.onResumed(resumedBytes);
    try {
      await append(handle, hash, { blob, arrival });
      await handle.sync();
      await rename(partial, path);
      return "stored";
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "DIGEST_INVALID") throw error;
      if (resumedBytes === 0) {
        await rm(partial, { force: true });
        throw error;
      }
    }
  }
  await rm(partial, { force: true });
  return "again";
}

async function append(
  handle: FileHandle,
  hash: RunningHash,
  { blob, arrival }: { readonly blob: Descriptor; readonly arrival: BlobArrival },
): Promise<void> {
  const { read, signal } = arrival;
  // What is whole already is only checked.
  const chunks = hash.sizeBytes === blob.sizeBytes ? noChunks() : read({ offset: hash.sizeBytes, signal });
  let pieces: Uint8Array[] = [];
  let waitingBytes = 0;
  const flush = async () => {
    const together = pieces;
    pieces = [];
    waitingBytes = 0;
    if (together.length > 0) await handle.appendFile(Buffer.concat(together));
  };
  try {
    for await (const chunk of verified(chunks, blob, hash)) {
      signal.throwIfAborted();
      pieces.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes >= writeBytes) await flush();
    }
  } finally {
    await flush();
  }
}

async function* noChunks(): AsyncGenerator<Uint8Array> {}
