// Chunks gathered while the consumer is busy, so that a fast sender costs few writes and a slow one no delay.

/** The chunks in batches: whatever has come since the last batch was taken, not much more than `fullBytes` says. */
export async function* gather(
  chunks: AsyncIterable<Uint8Array>,
  fullBytes: () => number,
): AsyncGenerator<readonly Uint8Array[]> {
  let pieces: Uint8Array[] = [];
  let filledBytes = 0;
  let isStopped = false;
  let more = Promise.withResolvers<void>();
  let room = Promise.withResolvers<void>();
  const pump = async () => {
    for await (const chunk of chunks) {
      pieces.push(chunk);
      filledBytes += chunk.length;
      more.resolve();
      if (filledBytes >= fullBytes()) await room.promise;
      if (isStopped) return;
    }
  };
  let outcome: { readonly error?: unknown } | undefined;
  void pump().then(
    () => {
      outcome = {};
      more.resolve();
    },
    (error: unknown) => {
      outcome = { error };
      more.resolve();
    },
  );
  try {
    for (;;) {
      await more.promise;
      // Once around the loop: what has arrived with the first chunk goes with it.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = pieces;
      pieces = [];
      filledBytes = 0;
      if (outcome === undefined) more = Promise.withResolvers();
      room.resolve();
      room = Promise.withResolvers();
      if (batch.length > 0) yield batch;
      else if (outcome !== undefined) {
        if ("error" in outcome) throw outcome.error;
        return;
      }
    }
  } finally {
    isStopped = true;
    room.resolve();
  }
}
