import { expect, test } from "bun:test";
import { LargestRepositories } from "../../../src/registry/reading/largest.ts";

test("LargestRepositories keeps a hundred, whatever comes when, and the first that cannot be read", () => {
  const largest = new LargestRepositories();
  const nothing = { ownBytes: 0, garbageBytes: 0, tags: 0, manifests: 0 };
  for (let index = 0; index < 1000; index += 1) {
    const sizeBytes = (index * 7919) % 1000;
    largest.add({ ...nothing, name: `r${index}`, sizeBytes, problems: index % 5 === 0 ? ["?"] : [] });
  }
  const sizes = largest.list().map(({ sizeBytes }) => sizeBytes);
  expect(sizes).toEqual(Array.from({ length: 100 }, (_, index) => 999 - index));
  expect([largest.unreadable().length, largest.unreadable()[1]?.name]).toEqual([100, "r5"]);
});
