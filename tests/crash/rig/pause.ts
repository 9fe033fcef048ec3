// Waiting that an end makes shorter.

/** Waits for so long, or until it is over. */
export async function pause(ms: number, isOver: () => boolean): Promise<void> {
  for (const endMs = performance.now() + ms; performance.now() < endMs && !isOver(); ) await Bun.sleep(5);
}
