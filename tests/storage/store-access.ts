// Short words for what the tests of storage do all the time.
import { errorCode } from "../../src/lib/system-error.ts";
import type { Driver } from "../../src/storage/driver.ts";
import type { Upload } from "../../src/storage/ports.ts";

const limitBytes = 64 * 1024 * 1024;

/** The text in UTF-8. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Writes a text under the key. */
export function put(driver: Driver, key: string, text: string): Promise<void> {
  return driver.objects.put(key, bytesOf(text));
}

/** The text under the key, or undefined. */
export async function take(driver: Driver, key: string): Promise<string | undefined> {
  const bytes = await driver.objects.read(key, limitBytes);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** Holds an upload that nobody else holds. */
export async function holdUpload(driver: Driver, key: string, preempted = new AbortController()): Promise<Upload> {
  const upload = await driver.uploads.open(key, { waitMs: 1000, preempted });
  if (upload === undefined || upload === "busy") throw new Error(`the upload is not to be had: ${upload}`);
  return upload;
}

/** Waits, without sleeping, until the condition holds; the test's own limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

interface Removal {
  /** Before each attempt: neither the directory is there nor what is put into it. */
  readonly prepare: () => void | Promise<void>;
  readonly work: () => Promise<unknown>;
  readonly remove: () => void;
}

/**
 * Does work that makes a directory, and removes that as soon as it is there, before anything is put into it. Where the work
 * has waited in between (its turn was used up, or the disk counts as slow), that moment may go by: then it is done again.
 */
export async function removeOnceMade({ prepare, work, remove }: Removal): Promise<void> {
  for (let left = 1000; left > 0; left -= 1) {
    await prepare();
    const working = work();
    const isRemoved = await removeInTime(remove, working);
    await working;
    if (isRemoved) return;
  }
  throw new Error("there is never a moment between the two");
}

async function removeInTime(remove: () => void, working: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  working.then(end, end);
  for (let step = 1; !isOver; step += 1) {
    try {
      remove();
      return true;
    } catch (error) {
      if (errorCode(error) === "ENOTEMPTY") return false;
      if (errorCode(error) !== "ENOENT") throw error;
    }
    // No more than a step of whoever makes it, and a turn of the event loop if that is what it waits for.
    await (step % 100 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined);
  }
  return false;
}
