// Work on a stream of items, several at once, with the outcomes in the order of the items.

/** The outcomes of the work, in order; so many items are worked on at once. */
export async function* mapAhead<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  for await (const item of items) {
    const outcome = work(item);
    // It may fail while an earlier one is awaited, or after the caller has left.
    outcome.catch(() => {});
    running.push(outcome);
    const first = running.length < width ? undefined : running.shift();
    if (first !== undefined) yield await first;
  }
  for (let next = running.shift(); next !== undefined; next = running.shift()) yield await next;
}
