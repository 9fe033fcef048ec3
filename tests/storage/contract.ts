// The contract of src/storage/ports.ts, to be run against every driver: a suite for each port.
import { afterAll, describe } from "bun:test";
import type { Driver } from "../../src/storage/driver.ts";
import type { Locks, Trash } from "../../src/storage/ports.ts";
import { sharedDisk } from "./test-store.ts";

/** A store that is empty at first. */
export interface TestStore extends Disposable {
  readonly driver: Driver;
  /** Another driver on the same store, as another process has it; the same one if a store has one process only. */
  readonly other: Driver;
}

/** What a store with locks and a trash is made of. Nobody above the drivers sees it. */
export interface LockedParts {
  readonly locks: Locks;
  readonly trash: Trash;
}

/** The driver of such a store. */
export type LockedDriver = Driver & LockedParts;

/** Such a store. */
export interface LockedStore extends TestStore {
  readonly driver: LockedDriver;
  readonly other: LockedDriver;
}

/** Opens a new, empty one. */
export type OpenLockedStore = () => Promise<LockedStore>;

/** Opens a new, empty store. */
export type OpenTestStore = () => Promise<TestStore>;

/** Runs a suite against the filesystem. */
export function describeOnDisk(describePort: (open: OpenLockedStore) => void): void {
  for (const isDurable of [true, false]) {
    const disk = sharedDisk({ isDurable });
    afterAll(() => disk[Symbol.dispose]());
    describe(`on a filesystem, ${isDurable ? "durable" : "not durable"}`, () => describePort(disk.open));
  }
}
