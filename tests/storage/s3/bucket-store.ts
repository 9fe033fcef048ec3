// Two nodes on one bucket, as the suites of the contract of storage want a store.
import type { Driver } from "../../../src/storage/driver.ts";
import { type BucketDriverOptions, openBucketDriver } from "../../../src/storage/s3/bucket-driver.ts";
import type { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import type { TestStore } from "../contract.ts";
import { openBucket } from "./bucket.ts";
import { Engine, type EngineOptions } from "./engine.ts";

/** The driver of a node. */
export function openNode(
  objects: BucketObjects,
  options: Pick<BucketDriverOptions, "scratch"> & Partial<BucketDriverOptions>,
): Driver {
  const usual = {
    newId: () => crypto.randomUUID(),
    traits: { isExpiryEnforced: true, areEtagsMd5: true },
    partMemoryBytes: 0,
  };
  return openBucketDriver({ objects, ...usual, ...options });
}

/** An empty bucket in memory, whose clock is that of the machine. */
export async function openBucketStore(options: EngineOptions = {}): Promise<TestStore & { readonly engine: Engine }> {
  const engine = new Engine(options);
  Object.defineProperty(engine, "nowMs", { get: () => Date.now() });
  const scratch = temporaryDirectory({ isInMemory: true });
  const open = () => openNode(openBucket({ engine }).objects, { scratch: scratch.path });
  return { engine, driver: open(), other: open(), [Symbol.dispose]: () => scratch[Symbol.dispose]() };
}
