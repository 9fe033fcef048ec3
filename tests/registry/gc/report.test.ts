import { expect, test } from "bun:test";
import { removalIn, removalOfBytes, startCounters } from "../../../src/registry/gc/report.ts";
import { digestOf } from "../stocked.ts";

test("startCounters() is zero everywhere, and new each time", () => {
  const counters = startCounters();
  counters.purged += 1;
  expect(Object.values(startCounters()).every((count) => count === 0)).toBe(true);
});

test("removals say what goes, where and why", () => {
  expect(removalIn("app", { what: "revision", subject: "sha256:1", reason: "because" })).toEqual({
    kind: "removal",
    what: "revision",
    subject: "sha256:1",
    repository: "app",
    reason: "because",
    sizeBytes: undefined,
  });
  expect(removalOfBytes({ what: "blob", subject: digestOf("x"), reason: "because" }, 5)).toMatchObject({
    sizeBytes: 5,
  });
});
