// The port of changes, timed, under distribution's names for what its calls do.
import type { Adding, Changes, Removing } from "../../storage/changes.ts";

/** Waiting for a turn, and what is then read, written and removed. */
type ChangeCall = "Lock" | "Stat" | "PutContent" | "Delete";

/** Measures a call. */
export type TimeChange = <T>(action: ChangeCall, call: () => Promise<T>) => Promise<T>;

/** The same port, whose calls are measured. */
export function timedChanges(changes: Changes, time: TimeChange): Changes {
  return {
    isExclusive: changes.isExclusive,
    freshMs: changes.freshMs,
    keepsProcessesApart: () => changes.keepsProcessesApart(),
    adding: async (...asked) => {
      const adding = await time("Lock", () => changes.adding(...asked));
      return adding && timedAdding(adding, time);
    },
    removing: async (...asked) => {
      const removing = await time("Lock", () => changes.removing(...asked));
      return removing && timedRemoving(removing, time);
    },
    hold: (...asked) => changes.hold(...asked),
    recover: (...asked) => time("Stat", () => changes.recover(...asked)),
  };
}

function timedAdding(adding: Adding, time: TimeChange): Adding {
  return {
    stands: (...asked) => time("Stat", () => adding.stands(...asked)),
    find: (...asked) => time("Stat", () => adding.find(...asked)),
    put: (...asked) => time("PutContent", () => adding.put(...asked)),
    replace: (...asked) => time("PutContent", () => adding.replace(...asked)),
    [Symbol.asyncDispose]: () => adding[Symbol.asyncDispose](),
  };
}

function timedRemoving(removing: Removing, time: TimeChange): Removing {
  return {
    delete: (...asked) => time("Delete", () => removing.delete(...asked)),
    deleteAll: (...asked) => time("Delete", () => removing.deleteAll(...asked)),
    drop: (...asked) => time("Delete", () => removing.drop(...asked)),
    discard: (...asked) => time("Delete", () => removing.discard(...asked)),
    [Symbol.asyncDispose]: () => removing[Symbol.asyncDispose](),
  };
}
