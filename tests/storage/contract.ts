// The contract of src/storage/driver.ts, to be run against every driver. One file for each part of it.
import { describe } from "bun:test";
import type { Driver } from "../../src/storage/driver.ts";
import { describeLocks } from "./contract-locks.ts";
import { describeObjects } from "./contract-objects.ts";
import { describePrefixes } from "./contract-prefixes.ts";
import { describeTransfers } from "./contract-transfers.ts";
import { describeTrash } from "./contract-trash.ts";
import { describeUploads } from "./contract-uploads.ts";

/** A store that is empty at first. */
export interface TestStore extends Disposable {
  readonly driver: Driver;
  /** Another driver on the same store, as another process has it; the same one where a store has one process only. */
  readonly other: Driver;
}

/** Opens a new, empty store. */
export type OpenTestStore = () => Promise<TestStore>;

/** Runs the whole contract. */
export function describeDriver(name: string, open: OpenTestStore): void {
  describe(`${name}: objects`, () => describeObjects(open));
  describe(`${name}: prefixes`, () => describePrefixes(open));
  describe(`${name}: locks`, () => describeLocks(open));
  describe(`${name}: trash`, () => describeTrash(open));
  describe(`${name}: uploads`, () => describeUploads(open));
  describe(`${name}: transfers`, () => describeTransfers(open));
}
