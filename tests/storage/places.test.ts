import { expect, test } from "bun:test";
import { collectorPlace, locksPlace, sharedPlace, transfersPlace, trashPlace } from "../../src/storage/places.ts";

test("what other registries read lies apart from what is private", () => {
  const own = [locksPlace, collectorPlace, trashPlace, transfersPlace];
  expect([sharedPlace.split("/")[0], new Set(["docker", ...own]).size]).toEqual(["docker", own.length + 1]);
});
