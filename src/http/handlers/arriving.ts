// A blob arriving from another registry, streamed as the body of an answer. If its bytes turn out wrong, the connection
// is cut before the last of them.

/**
 * Pulled at the client's pace; ends when the client disconnects. The runtime sends a chunk, or copies what the socket does not
 * take at once, before it asks for the next one, which may therefore come in the same buffer.
 */
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
  // No read-ahead: with many clients it would add up.
  return new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
}
