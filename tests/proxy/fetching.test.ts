import { expect, test } from "bun:test";
import { Fetching } from "../../src/proxy/fetching.ts";
import { named } from "./caching.ts";
import { until } from "./nodes.ts";

/** A claim that wants a sign of life every few milliseconds, and what it was told. */
function noted() {
  const notes: unknown[] = [];
  const ends: unknown[] = [];
  const claim = {
    lifetimeMs: 80,
    renew: async (note: string) => void notes.push(JSON.parse(note)),
    end: async (note?: string) => void ends.push(note === undefined ? undefined : JSON.parse(note)),
  };
  return { notes, ends, claim };
}

const name = named("team/app");

test("a fetch that goes on gives signs of life until it ends", async () => {
  const { notes, ends, claim } = noted();
  const progress = { arrivedBytes: 0, totalBytes: 1e9 };
  const fetching = new Fetching(claim, { name, progress, turnTimes: { quietMs: 0 } });
  await until(() => {
    progress.arrivedBytes += 1;
    return notes.length > 2;
  });
  const told = notes.length;
  await fetching.end(undefined);
  const note = { name, arrivedBytes: expect.any(Number), totalBytes: 1e9 };
  // Of the first bytes nobody knows when they began to come.
  expect([notes[0], notes[1], ends]).toEqual([note, { ...note, bytesPerSecond: expect.any(Number) }, [undefined]]);
  expect(notes.length).toBe(told);
});

test("one that stands still gives none after a while, but one whose bytes are all here does", async () => {
  const [still, sending] = [noted(), noted()];
  const turnTimes = { quietMs: -1 };
  const quiet = new Fetching(still.claim, { name, progress: { arrivedBytes: 0, totalBytes: 100 }, turnTimes });
  const busy = new Fetching(sending.claim, {
    ...{ name, progress: { arrivedBytes: 100, totalBytes: 100 } },
    turnTimes: { quietMs: 0 },
  });
  await until(() => sending.notes.length > 5);
  await quiet.end({ code: "UPSTREAM_LIMITED", message: "slowly", retryAfterSeconds: 5 });
  await busy.end(undefined);
  expect([still.notes, still.ends]).toEqual([
    [],
    [expect.objectContaining({ failure: { code: "UPSTREAM_LIMITED", message: "slowly", retryAfterSeconds: 5 } })],
  ]);
});

test("the rate is told of bytes that come without a rest", async () => {
  const { notes, claim } = noted();
  const progress = { arrivedBytes: 100, totalBytes: 1e9 };
  const fetching = new Fetching(claim, { name, progress, turnTimes: { quietMs: 60_000 } });
  // What was there before, and then nothing for a while.
  await until(() => notes.length === 3);
  progress.arrivedBytes += 1000;
  await until(() => notes.length === 4);
  progress.arrivedBytes += 1000;
  await until(() => notes.length === 5);
  await fetching.end(undefined);
  expect(notes.map((note) => (note as { readonly bytesPerSecond?: number }).bytesPerSecond)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    expect.any(Number),
  ]);
});
