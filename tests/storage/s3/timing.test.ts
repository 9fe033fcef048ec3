import { expect, test } from "bun:test";
import { usualTiming } from "../../../src/storage/s3/timing.ts";

test("notices outlive their requests by more than a put of one may take, and a collection has longer than a change", () => {
  const { changeSeconds, collectionSeconds, marginMs } = usualTiming;
  expect([marginMs / 2 >= changeSeconds * 1000, collectionSeconds > changeSeconds]).toEqual([true, true]);
});
