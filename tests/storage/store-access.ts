// Short words for what the tests of storage do all the time.
import { rmdirSync } from "node:fs";
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

/** Removes a directory as soon as it is there, before anything is put into it. */
export async function removeOnceMade(path: string): Promise<void> {
  for (let left = 10_000; left > 0; left -= 1) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
    // No more than a step of whoever makes it.
    await undefined;
  }
  throw new Error(`${path} is never made`);
}
