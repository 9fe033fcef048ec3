// The body of an answer that is read whole before anybody looks at it.
import { RegistryError } from "../oci/errors.ts";
import type { Answer } from "./transport.ts";

/** How much is read, for how long, and from whom. */
export interface Reading {
  readonly maxBytes: number;
  /** Between two chunks. */
  readonly stallMs: number;
  readonly host: string;
}

/** All bytes of the body; refuses a longer one with UPSTREAM_INVALID. */
export async function readWhole(answer: Answer, { maxBytes, stallMs, host }: Reading): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer.chunks(stallMs)) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new RegistryError("UPSTREAM_INVALID", { message: `${host} sent too much` });
  }
  return Buffer.concat(chunks);
}
