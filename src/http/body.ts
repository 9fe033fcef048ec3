// Request bodies: as chunks for uploads, whole and bounded for manifests; a body that stalls is ended.
import { createSweeper } from "../lib/sweeper.ts";
import { RegistryError } from "../oci/errors.ts";

/** Four uploads over TLS piled up 100 MiB more of chunks that were done with. It costs a twentieth of an upload's time. */
const sweepBytes = 6 * 1024 * 1024;

/** The chunks of a body. Ends with UPLOAD_STALLED when nothing comes for `stallMs`, and in silence on the signal. */
export async function* readChunks(
  body: ReadableStream<Uint8Array> | null,
  { stallMs, signal }: { readonly stallMs: number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  let isWaiting = false;
  let isStalled = false;
  const sweep = createSweeper(sweepBytes);
  const end = () => void reader.cancel().catch(() => undefined);
  const timer = setInterval(() => {
    // Time that the disk takes is not the client's.
    isStalled = isWaiting;
    if (isStalled) end();
  }, stallMs);
  signal.addEventListener("abort", end, { once: true });
  try {
    while (!isStalled && !signal.aborted) {
      timer.refresh();
      isWaiting = true;
      const { done, value } = await reader.read();
      isWaiting = false;
      if (done) break;
      yield value;
      sweep(value.length);
    }
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", end);
    reader.releaseLock();
  }
  if (isStalled) throw new RegistryError("UPLOAD_STALLED", { headers: { Connection: "close" } });
}

/** The whole body, or a refusal with TOO_LARGE as soon as it is longer than `maxBytes`. */
export async function readWhole(
  request: Request,
  { maxBytes, stallMs }: { readonly maxBytes: number; readonly stallMs: number },
): Promise<Uint8Array> {
  const refusal = new RegistryError("TOO_LARGE", { detail: { maxBytes } });
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw refusal;
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Not the request's signal: it would end the body in silence, and a body cut short would count as whole.
  const { signal } = new AbortController();
  for await (const chunk of readChunks(request.body, { stallMs, signal })) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw refusal;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
