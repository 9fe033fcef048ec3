// Request bodies as chunks; a body that stalls is ended.
import { createSweeper } from "../lib/sweeper.ts";
import { RegistryError } from "../oci/errors.ts";

/** Without it, four uploads over TLS piled up 100 MiB of finished chunks. It costs 5 % of an upload's time. */
const sweepBytes = 6 * 1024 * 1024;

/** Each chunk costs the same however small: a body of this many tiny ones is an attack. */
const maxSmallChunks = 10_000;
const smallChunkBytes = 32;

/** The chunks of a body. Fails with UPLOAD_STALLED when nothing arrives for `stallMs`; ends quietly on the signal. */
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
    // Time spent on the disk is not the client's.
    isStalled = isWaiting;
    if (isStalled) end();
  }, stallMs);
  signal.addEventListener("abort", end, { once: true });
  let chunks = 0;
  let sizeBytes = 0;
  try {
    while (!isStalled && !signal.aborted) {
      timer.refresh();
      isWaiting = true;
      const { done, value } = await reader.read();
      isWaiting = false;
      if (done) break;
      chunks += 1;
      sizeBytes += value.length;
      if (chunks > maxSmallChunks && sizeBytes < chunks * smallChunkBytes) throw tooFine();
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

function tooFine(): RegistryError {
  const message = `the body comes in chunks of less than ${smallChunkBytes} bytes; send larger ones`;
  return new RegistryError("REQUEST_INVALID", { message, headers: { Connection: "close" } });
}
