// The contract of storage on a bucket: in memory, with a store that lists three keys a page.
import { describe, expect, test } from "bun:test";
import { describeChanges } from "../contract-changes.ts";
import { describeCollection } from "../contract-collection.ts";
import { describeObjects } from "../contract-objects.ts";
import { describeTransfers } from "../contract-transfers.ts";
import { describeUploads } from "../contract-uploads.ts";
import { put, take } from "../store-access.ts";
import { openBucketStore } from "./bucket-store.ts";

const open = async () => await openBucketStore({ pageSize: 3 });

describe("objects in a bucket", () => describeObjects(open));
describe("changes in a bucket", () => describeChanges(open));
describe("garbage in a bucket", () => describeCollection(open));
describe("uploads in a bucket", () => describeUploads(open));
describe("transfers to a bucket", () => describeTransfers(open));

test("what one node puts the other one has", async () => {
  using store = await open();
  await put(store.driver, "docker/a", "text");
  expect([await take(store.other, "docker/a"), store.engine.keys()]).toEqual(["text", ["docker/a"]]);
});
