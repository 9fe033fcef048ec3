// A request body that a test feeds.
import { utf8 } from "./memory-registry.ts";

/** A body that a test feeds. */
export function openBody() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (opened) => {
      controller = opened;
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  return {
    stream,
    send: (text: string) => controller?.enqueue(utf8(text)),
    end: () => controller?.close(),
    fail: (error: unknown) => controller?.error(error),
    isCancelled: () => isCancelled,
  };
}
