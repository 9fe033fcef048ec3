// A store for readers: they take no lock, so that they never hold up a push, and find busy what only a lock could tell.
import type { Store } from "../store.ts";

/** The same store, whose locks are never free. */
export function withoutLocks(store: Store): Store {
  return {
    ...store,
    locks: {
      keepsProcessesApart: () => store.locks.keepsProcessesApart(),
      take: async () => undefined,
      hold: async () => ({ heldBy: "a reader, who holds nothing" }),
    },
  };
}
