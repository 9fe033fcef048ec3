// A store for readers: they take no lock, so that they never hold up a push, and find busy what only a lock could tell.
import type { Store } from "../store.ts";

/** The same store, in which nothing can be added or taken away under a name. */
export function withoutLocks(store: Store): Store {
  return {
    ...store,
    changes: {
      isExclusive: store.changes.isExclusive,
      freshMs: store.changes.freshMs,
      keepsProcessesApart: () => store.changes.keepsProcessesApart(),
      adding: async () => undefined,
      removing: async () => undefined,
      hold: async () => ({ heldBy: "a reader, who holds nothing" }),
      recover: (...asked) => store.changes.recover(...asked),
    },
  };
}
