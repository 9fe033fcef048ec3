// The driver in memory: what the disk does, without one. Nothing survives the process.

import { LockedChanges } from "../../src/storage/locked-changes.ts";
import { MemoryLocks } from "../../src/storage/memory-locks.ts";
import type { Locks } from "../../src/storage/ports.ts";
import { TrashGarbage } from "../../src/storage/trash-garbage.ts";
import type { LockedDriver } from "./contract.ts";
import { MemoryDirectory } from "./memory-directory.ts";
import { MemoryListings } from "./memory-listings.ts";
import { MemoryObjects } from "./memory-objects.ts";
import { MemoryTransfers } from "./memory-transfers.ts";
import { MemoryTrash } from "./memory-trash.ts";
import { MemoryTree } from "./memory-tree.ts";
import { MemoryUploads } from "./memory-uploads.ts";

/** An empty store. `now` gives the time in milliseconds since 1970; a store that is listed need not be walked. */
export function openMemory(now: () => number = Date.now, { isListed } = { isListed: false }): LockedDriver {
  const tree = new MemoryTree(now);
  const objects = new MemoryObjects(tree);
  const locks = openLocks();
  const trash = new MemoryTrash(tree);
  return {
    objects,
    changes: new LockedChanges({ objects, locks, trash, newId: () => crypto.randomUUID() }),
    locks,
    trash,
    garbage: new TrashGarbage({ locks, trash }),
    uploads: new MemoryUploads(tree),
    transfers: new MemoryTransfers(now, (key, bytes) => tree.put(key, bytes)),
    directory: new MemoryDirectory(tree),
    listings: isListed ? new MemoryListings(tree) : undefined,
  };
}

function openLocks(): Locks {
  const locks = new MemoryLocks();
  const held = new Map<string, string>();
  return {
    keepsProcessesApart: () => true,
    take: (name, mode, { waitMs }) => locks.take(name, mode, waitMs),
    hold: async (kind, note) => {
      const heldBy = held.get(kind);
      if (heldBy !== undefined) return { heldBy };
      held.set(kind, note);
      return { [Symbol.dispose]: () => void held.delete(kind) };
    },
  };
}
