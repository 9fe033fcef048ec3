// The gate for bytes on their way to a place that does not verify them itself, or from which they could not be recalled.
import type { Descriptor } from "../oci/descriptor.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RunningHash } from "../oci/hash.ts";

/**
 * The same chunks. The last one follows only when all bytes are known to be right, so that whoever passes them on never
 * completes what is wrong. `hash` has seen the bytes before them.
 */
export async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  { digest, sizeBytes }: Pick<Descriptor, "digest" | "sizeBytes">,
  hash: RunningHash,
): AsyncGenerator<Uint8Array> {
  let last: Uint8Array | undefined;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    if (last !== undefined) yield last;
    hash.update(chunk);
    if (hash.sizeBytes > sizeBytes) throw wrong(`${digest} is longer than its ${sizeBytes} bytes`);
    last = chunk;
  }
  if (hash.sizeBytes < sizeBytes) {
    const message = `the source ended ${digest} after ${hash.sizeBytes} of its ${sizeBytes} bytes`;
    throw new RegistryError("UPSTREAM_UNREACHABLE", { message });
  }
  const actual = hash.digest();
  if (actual !== digest) throw wrong(`what was sent as ${digest} is ${actual}`);
  if (last !== undefined) yield last;
}

function wrong(message: string): RegistryError {
  return new RegistryError("DIGEST_INVALID", { message: `the source sent something wrong: ${message}` });
}
