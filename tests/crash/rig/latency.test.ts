import { expect, test } from "bun:test";
import { percentile, sampleOf } from "./latency.ts";

const path = "/v2/";
const pid = "7";
const moment = (atMs: number, server: Record<string, number>, own: Record<string, number> = {}) => ({
  atMs,
  server: new Map(Object.entries(server)),
  own: new Map(Object.entries(own)),
});

test.each([
  ["nothing, where nobody waited", {}, {}, [], { queuedMs: 0, diskMs: 0, ms: 400 }],
  [
    "the main thread's wait and the longest of the others'",
    { 7: 100, 8: 50, 9: 20 },
    {},
    [],
    { queuedMs: 150, ms: 250 },
  ],
  ["the client's own wait", {}, { 1: 90, 2: 30 }, [], { queuedMs: 90, ms: 310 }],
  ["the part of the disk's time that falls into it", {}, {}, [{ fromMs: 900, toMs: 1300 }], { diskMs: 300, ms: 100 }],
  [
    "a disk that has not answered yet",
    {},
    {},
    [{ fromMs: 1100, toMs: Number.POSITIVE_INFINITY }],
    { diskMs: 300, ms: 100 },
  ],
  ["nothing for a disk that was slow before", {}, {}, [{ fromMs: 0, toMs: 900 }], { diskMs: 0, ms: 400 }],
  ["never more than there is", { 7: 1000 }, {}, [], { ms: 0 }],
] as const)("sampleOf() takes off %s", (_title, server, own, disk, wanted) => {
  const before = moment(1000, { 7: 0, 8: 0, 9: 0 }, { 1: 0, 2: 0 });
  expect(sampleOf({ path, pid, before, after: moment(1400, server, own), disk })).toMatchObject(wanted);
});

test("percentile() is the value that this share does not exceed", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile([3], 0.99), percentile([], 0.5)]).toEqual([
    51, 100, 3, 0,
  ]);
});
