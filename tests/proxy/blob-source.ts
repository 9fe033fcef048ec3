// A blob at an upstream that answers as a test says.
import { randomBytes } from "node:crypto";
import type { BlobSource } from "../../src/client/receive.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import { codeOf } from "./caching.ts";

/** What a good upstream sends. */
export const blob = new Uint8Array(randomBytes(200_000));
const digest = hashBytes(blob, "sha256");

/** Answers each opening with what the next function gives. */
export function sourceOf(
  openings: readonly ((offset: number) => Awaited<ReturnType<BlobSource["open"]>>)[],
  expectedBytes?: number,
): BlobSource & { readonly offsets: number[]; readonly signals: AbortSignal[] } {
  const offsets: number[] = [];
  const signals: AbortSignal[] = [];
  return {
    host: "up.example",
    upstream: "https://up.example/",
    digest,
    expectedBytes,
    pauseMs: 1,
    leastRate: { bytesPerSecond: 0, windowMs: 1000 },
    wrong: (how) => new RegistryError("UPSTREAM_INVALID", { message: how }),
    open: async ({ offset, signal }) => {
      offsets.push(offset);
      signals.push(signal);
      const opening = openings[offsets.length - 1];
      if (opening === undefined) throw new RegistryError("UPSTREAM_UNREACHABLE");
      return opening(offset);
    },
    offsets,
    signals,
  };
}

/** The bytes in chunks, and the error after them. */
export async function* chunksOf(bytes: Uint8Array, error?: RegistryError): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 30_000) yield bytes.subarray(start, start + 30_000);
  if (error !== undefined) throw error;
}

/** Sends bytes from the offset on, and breaks off where it is cut. */
export const from = (bytes: Uint8Array, cutAt?: number) => (offset: number) => ({
  startBytes: offset,
  totalBytes: bytes.length,
  chunks: chunksOf(
    bytes.subarray(offset, cutAt),
    cutAt === undefined ? undefined : new RegistryError("UPSTREAM_TIMEOUT"),
  ),
});

/** All chunks, and the code that they broke off with. */
export async function collect(chunks: AsyncIterable<Uint8Array>) {
  const all: Uint8Array[] = [];
  try {
    for await (const chunk of chunks) all.push(chunk);
    return { bytes: Buffer.concat(all), code: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(all), code: codeOf(error) };
  }
}
