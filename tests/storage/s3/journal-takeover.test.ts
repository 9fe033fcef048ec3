import { expect, test } from "bun:test";
import { isFree, mayBeFree, recordsToKeep } from "../../../src/storage/s3/journal-takeover.ts";

const nowMs = 1_000_000;
const holders = new Map([
  ["alive", { changedMs: nowMs - 30_000, isEnded: false }],
  ["silent", { changedMs: nowMs - 61_000, isEnded: false }],
  ["ended", { changedMs: nowMs - 1, isEnded: true }],
  ["me", { changedMs: nowMs - 1, isEnded: false }],
]);
const facts = { id: "me", nowMs, holders, lifetimeMs: 60_000 };
const [young, old] = [nowMs - 10_000, nowMs - 100_000];

test.each([
  ["", young, true],
  ["alive", old, false],
  ["silent", old, true],
  ["silent", young, false],
  ["ended", young, true],
  ["unknown", young, false],
  ["unknown", old, true],
  // What this process does not know of came by a request whose answer was lost.
  ["me", young, false],
  ["me", old, true],
])("a segment of %p that was put at %p is free: %p", (holder, changedMs, is) => {
  expect(isFree({ holder, changedMs }, facts)).toBe(is);
});

test("young segments are read only if some process has ended", () => {
  const alive = { ...facts, holders: new Map([["alive", { changedMs: young, isEnded: false }]]) };
  expect([mayBeFree(young, facts), mayBeFree(young, alive), mayBeFree(old, alive)]).toEqual([true, false, true]);
});

test("what waits for recipients of other nodes is kept until it has waited for long", () => {
  const recipients = new Set(["0123456789ab"]);
  const records = [
    { index: 0, waiting: ["0123456789ab", "ba9876543210"], text: "a" },
    { index: 1, waiting: ["ba9876543210"], text: "b" },
  ];
  expect(recordsToKeep(records, { recipients, isOver: false })).toEqual(records);
  expect(recordsToKeep(records, { recipients, isOver: true })).toEqual([
    { index: 0, waiting: ["0123456789ab"], text: "a" },
  ]);
});
