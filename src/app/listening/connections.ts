// How many connections the process has open. Bun does not tell, so its sockets are counted: cheaply while there are few
// descriptors of any kind, and one by one only if there may be too many.
import { fstatSync, readdirSync, statSync } from "node:fs";
import type { Room } from "../../http/server.ts";

const descriptors = "/proc/self/fd";

/** Counts of this process. */
export interface DescriptorCounts {
  /** Of every kind; undefined if the system does not tell. */
  readonly all: () => number | undefined;
  readonly sockets: () => number;
}

/** Looking at each socket may take this part of the time. */
const dutyCycle = 1 / 20;

/**
 * So far below the limit connections begin to end with their request, which keeps most crowds below it; and so many are
 * accepted beyond it, to be told so.
 */
function marginOf(most: number): number {
  return Math.max(8, most >> 3);
}

/** A look at the open connections, which must not be more than `most`; `now` is in milliseconds. */
export function watchConnections(most: number, now: () => number, counts: DescriptorCounts = ownCounts): () => Room {
  if (!Number.isFinite(most) || counts.all() === undefined) return () => "enough";
  // The addresses that it listens on, and what the runtime has for itself.
  const ownCount = counts.sockets();
  const margin = marginOf(most);
  const judge = (count: number): Room => {
    if (count < most - margin) return "enough";
    if (count < most) return "little";
    return count < most + margin ? "full" : "none";
  };
  let room: Room = "enough";
  let nextMs = Number.NEGATIVE_INFINITY;
  return () => {
    const startedMs = now();
    // Sockets are descriptors too.
    if ((counts.all() ?? 0) - ownCount < most - margin) return "enough";
    if (startedMs < nextMs) return room;
    const count = counts.sockets() - ownCount;
    const endedMs = now();
    nextMs = endedMs + (endedMs - startedMs) / dutyCycle;
    room = judge(count);
    return room;
  };
}

const ownCounts: DescriptorCounts = {
  all: () => {
    try {
      // Since Linux 6.2 the size is their number; before, it is 0.
      return statSync(descriptors).size || readdirSync(descriptors).length;
    } catch {
      return undefined;
    }
  },
  sockets: () => readdirSync(descriptors).filter((name) => isSocket(Number(name))).length,
};

function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    // Closed meanwhile.
    return false;
  }
}
