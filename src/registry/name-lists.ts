// The names right below the prefixes of repositories, cached until the prefix changes: checking its time replaces reading it. So
// the cost of a page of the catalog depends on the page, not on the number of repositories. A disk without usable times is read
// each time.
import { BoundedMap } from "../lib/bounded-map.ts";
import { type Soon, whenThere } from "../lib/soon.ts";
import type { Key, Objects } from "../storage/ports.ts";
import { reservedPrefix } from "./layout.ts";
import type { Store } from "./store.ts";

/** Names below a prefix. */
interface KnownList {
  /** When the prefix last changed. */
  readonly changedMs: number;
  /** In byte order. */
  readonly names: readonly string[];
}

/** Some tens of megabytes at most. */
const mostNames = 300_000;
/** One that has just changed may change again without a new time: filesystem clocks are coarse. */
const settledMs = 2000;
/** How many distinct lists are shared. */
const mostAlike = 100;

/** The lists of one store. */
export class NameLists {
  readonly #known = new BoundedMap<Key, KnownList>(mostNames, weigh);
  /** Repositories without others below them have one of very few lists. */
  readonly #alike = new BoundedMap<string, readonly string[]>(mostAlike);

  /** What lies below the prefix now, at once if it is known; throws like `Objects.list`. */
  of(store: Store, prefix: Key): Soon<readonly string[]> {
    return whenThere(store.directory.changeTime(prefix), (changedMs) => {
      const known = this.#known.get(prefix);
      const isCurrent = known !== undefined && known.changedMs === changedMs;
      return isCurrent ? known.names : this.#read(store, prefix, changedMs);
    });
  }

  async #read(store: Store, prefix: Key, changedMs: number | undefined): Promise<readonly string[]> {
    // As of before it is read: what changes meanwhile may get the same time.
    const isSettled = changedMs !== undefined && changedMs > 0 && Math.abs(store.now() - changedMs) > settledMs;
    const names = this.#shared(await store.objects.list(prefix));
    if (isSettled) this.#known.set(prefix, { changedMs, names });
    else this.#known.delete(prefix);
    return names;
  }

  #shared(names: readonly string[]): readonly string[] {
    if (names.length > mostAlike || !names.every(isOwn)) return names;
    const text = names.join("/");
    const shared = this.#alike.get(text) ?? names;
    this.#alike.set(text, shared);
    return shared;
  }
}

const isOwn = (name: string): boolean => name.startsWith(reservedPrefix);

function weigh({ names }: KnownList): number {
  return names.length <= mostAlike && names.every(isOwn) ? 1 : names.length + 1;
}

const lists = new WeakMap<Objects, NameLists>();

/** The ones of a store. */
export function nameListsOf({ objects }: Store): NameLists {
  const known = lists.get(objects) ?? new NameLists();
  lists.set(objects, known);
  return known;
}
