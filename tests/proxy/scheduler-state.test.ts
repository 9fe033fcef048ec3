import { expect, test } from "bun:test";
import { parseSchedulerState } from "../../src/proxy/scheduler-state.ts";

const entry = { Key: "k", ExpiryData: "2026-11-24T20:00:00Z", EntryType: 0 };

test.each<[string, readonly string[] | undefined]>([
  [
    JSON.stringify({ "library/a@sha256:1": entry, "library/a@sha256:2": entry, "b@sha256:3": entry }),
    ["library/a", "b"],
  ],
  ["{}", []],
  [JSON.stringify({ "no name": 1, "UPPER@sha256:1": 2 }), []],
  ["", undefined],
  ['{"library/a@sha256:1": {"Key"', undefined],
  ["[]", undefined],
])("parseSchedulerState(%p) names %p", (text, names) => {
  const parsed = parseSchedulerState(text);
  expect(parsed === undefined ? undefined : [...parsed]).toEqual(names as never);
});
