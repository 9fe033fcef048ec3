// Memory of finished pieces. The engine underestimates it, so that they pile up until its next collection.

/** Gives their memory back at once: whoever still holds one finds it empty. A part of something larger stays as it is. */
export function releaseMemory(pieces: readonly Uint8Array[]): void {
  for (const { buffer, byteLength } of pieces) {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
  }
}
