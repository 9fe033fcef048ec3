// The contract of src/storage/ports.ts, to be run against every driver: a suite for each port.
import { afterAll, describe } from "bun:test";
import type { Driver } from "../../src/storage/driver.ts";
import { sharedDisk } from "./test-store.ts";

/** A store that is empty at first. */
export interface TestStore extends Disposable {
  readonly driver: Driver;
  /** Another driver on the same store, as another process has it; the same one if a store has one process only. */
  readonly other: Driver;
}

/** Opens a new, empty store. */
export type OpenTestStore = () => Promise<TestStore>;

/** Runs a suite against the filesystem. */
export function describeOnDisk(describePort: (open: OpenTestStore) => void): void {
  for (const isDurable of [true, false]) {
    const disk = sharedDisk({ isDurable });
    afterAll(() => disk[Symbol.dispose]());
    describe(`on a filesystem, ${isDurable ? "durable" : "not durable"}`, () => describePort(disk.open));
  }
}
