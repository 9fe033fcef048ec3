// Standard output for commands: what they print arrives whole, however slowly it is read.
import { readFileSync, write as writeCallback, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { errorCode, messageOf } from "../lib/system-error.ts";

/** Why output could not be delivered: its reader is gone, or the system refused it, in words. */
export type OutputFailure = { readonly kind: "left" } | { readonly kind: "refused"; readonly reason: string };

const write = promisify(writeCallback) as (
  descriptor: number,
  bytes: Uint8Array,
  offset: number,
) => Promise<{ readonly bytesWritten: number }>;

/** Another program may have made the pipe or terminal non-blocking. */
const retryMs = 2;
/** Open flags in fdinfo are octal; a descriptor inherited from the parent process never has this one. */
const closeOnExec = 0o2000000;

/**
 * Writes the whole text and returns only when the system has taken it, so that a slow reader slows the command down
 * instead of losing what follows the first 64 KiB. Undefined: all of it arrived.
 */
export function writeWhole(descriptor: number, text: string): OutputFailure | undefined {
  const bytes = new TextEncoder().encode(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") return failureOf(error);
      Bun.sleepSync(retryMs);
    }
  }
  return undefined;
}

/** The same for bytes, while the thread does something else. */
export async function deliver(descriptor: number, bytes: Uint8Array): Promise<OutputFailure | undefined> {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += (await write(descriptor, bytes, written)).bytesWritten;
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") return failureOf(error);
      await pause(retryMs);
    }
  }
  return undefined;
}

function failureOf(error: unknown): OutputFailure {
  const code = errorCode(error);
  return code === "EPIPE" ? { kind: "left" } : { kind: "refused", reason: sentences[code ?? ""] ?? messageOf(error) };
}

const sentences: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EBADF: "it is closed",
  EIO: "input/output error",
};

/**
 * Whether the process was started with this descriptor closed. The runtime then opens /dev/null in its place, which
 * swallows everything; only Linux can tell.
 */
export function wasClosed(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) !== 0;
  } catch {
    return false;
  }
}
