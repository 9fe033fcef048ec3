// What an entry of the table of configuration keys is.
import type { ValueType } from "./value-type.ts";

/** One configuration key. */
export interface Key<T> {
  /** Where it stands in the file: names joined with dots. */
  readonly path: string;
  readonly type: ValueType<T>;
  /** The value where a file says nothing: what distribution takes then, but for http.addr and http.draintimeout. */
  readonly default: NoInfer<T>;
  /** The value where there is no file, if it is another. */
  readonly defaultWithoutFile?: NoInfer<T>;
  /** One line. */
  readonly help: string;
  /** The file's own business: no variable sets it. */
  readonly isFileOnly?: boolean;
}

/** A key at its place. */
export function key<T>(path: string, entry: Omit<Key<T>, "path">): Key<T> {
  return { path, ...entry };
}
