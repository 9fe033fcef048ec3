// Values that are there at once as a rule. Of a hundred thousand, a promise for each takes as long as finding them.

/** The value, or a promise of it if there is something to wait for. */
export type Soon<T> = T | Promise<T>;

/** What is made of the value, at once if it is there. */
export function whenThere<T, R>(value: Soon<T>, use: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** What the call gives, or what is made of its failure. */
export function orElse<T, R>(call: () => Soon<T>, recover: (error: unknown) => R): Soon<T | R> {
  try {
    const value = call();
    return value instanceof Promise ? value.catch(recover) : value;
  } catch (error) {
    return recover(error);
  }
}
