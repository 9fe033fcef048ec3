// A blob that is on its way from another registry, as the body of an answer: its bytes as they come. Where they turn out
// to be wrong the connection is cut before the last of them.

/** Pulled as the client takes it; a client that leaves ends it. */
export function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const source = {
    pull: async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await iterator.return?.()),
  };
  // Nothing is read ahead: with many clients that would be many pieces.
  return new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
}
