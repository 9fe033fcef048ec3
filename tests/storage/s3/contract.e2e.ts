// The contract of storage on buckets of real object stores.
import { afterAll, beforeAll, describe } from "bun:test";
import { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import type { OpenTestStore } from "../contract.ts";
import { describeChanges } from "../contract-changes.ts";
import { describeCollection } from "../contract-collection.ts";
import { describeObjects } from "../contract-objects.ts";
import { describeTransfers } from "../contract-transfers.ts";
import { describeUploads } from "../contract-uploads.ts";
import { openNode } from "./bucket-store.ts";
import { clientOf, engines, type RealEngine } from "./engines.ts";

describe.each(engines)("on %s", (_, start) => {
  let engine: RealEngine | undefined;
  let stores = 0;
  beforeAll(async () => {
    engine = await start();
  }, 300_000);
  afterAll(async () => await engine?.[Symbol.asyncDispose]());

  /** Two nodes below a prefix of their own. */
  const open: OpenTestStore = async () => {
    if (engine === undefined) throw new Error("the object store did not start");
    const { endpoint } = engine;
    const scratch = temporaryDirectory({ isInMemory: true });
    stores += 1;
    const prefix = `store-${stores}/`;
    const node = () => openNode(new BucketObjects(clientOf(endpoint, { prefix })), { scratch: scratch.path });
    return { driver: node(), other: node(), [Symbol.dispose]: () => scratch[Symbol.dispose]() };
  };

  describe("objects", () => describeObjects(open));
  describe("changes", () => describeChanges(open));
  describe("garbage", () => describeCollection(open));
  describe("uploads", () => describeUploads(open));
  describe("transfers", () => describeTransfers(open));
});
