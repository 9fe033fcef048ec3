import { expect, test } from "bun:test";
import { rememberNames } from "../../../src/registry/gc/names-memory.ts";
import { digestOf, stockedListed } from "../stocked.ts";

/** Reads that are counted, of a manifest that names one blob. */
function counted() {
  let reads = 0;
  const read = async () => {
    reads += 1;
    return { named: new Set([digestOf("layer")]), subject: undefined };
  };
  return { read, reads: () => reads };
}

test("names are read once of a store that is listed, and each time of one that is not", async () => {
  const { listings } = stockedListed().store;
  const [listed, walked] = [counted(), counted()];
  for (let round = 0; round < 3; round += 1) {
    await rememberNames(listings, digestOf("manifest"), listed.read);
    await rememberNames(undefined, digestOf("manifest"), walked.read);
  }
  expect([listed.reads(), walked.reads()]).toEqual([1, 3]);
});

test("what could not be read is read again, and each store has a memory of its own", async () => {
  const { listings } = stockedListed().store;
  const { read, reads } = counted();
  expect(await rememberNames(listings, digestOf("manifest"), async () => undefined)).toBeUndefined();
  await rememberNames(listings, digestOf("manifest"), read);
  await rememberNames(stockedListed().store.listings, digestOf("manifest"), read);
  expect(reads()).toBe(2);
});
