import { expect, test } from "bun:test";
import { BoundedMap } from "../../../src/lib/bounded-map.ts";
import type { SegmentTexts } from "../../../src/storage/s3/journal-lines.ts";
import { JournalObject, type JournalObjectOptions } from "../../../src/storage/s3/journal-object.ts";
import { readSegment } from "../../../src/storage/s3/segment-object.ts";
import { openBucket, type TestBucket } from "./bucket.ts";
import { ci } from "./journal-node.ts";

const texts = (...all: readonly string[]) => all.map((text) => ({ recipients: [ci], text }));

/** Segments of one process, and what becomes of them. */
function processOn({ objects }: TestBucket, id: string) {
  const ended: string[] = [];
  const work: Promise<void>[] = [];
  const options: JournalObjectOptions = {
    ...{ objects, id, recipients: new Set([ci]), texts: new BoundedMap<string, SegmentTexts>(1000) },
    keyOf: (name) => `segments/${name}`,
    noteDone: () => undefined,
    noteEnd: ({ name }, { isLeft }) => void ended.push(`${name} ${isLeft ? "left" : "gone"}`),
    finish: (_name, end) => void work.push(end()),
  };
  return { options, ended, settle: () => Promise.all(work) };
}

test("the bucket learns with the next append, or by a flush, what was delivered", async () => {
  const bucket = openBucket();
  const { options } = processOn(bucket, "me");
  const segment = new JournalObject("1", options);
  const first = (await segment.append(texts("a", "b"))) ?? [];
  const stored = async () => (await readSegment(bucket.objects, "segments/1"))?.records.map(({ text }) => text);
  first[0]?.done();
  const before = await stored();
  await segment.append(texts("c"));
  const after = await stored();
  first[1]?.done();
  // Said twice, it counts once.
  first[1]?.done();
  await segment.flush();
  expect([before, after, await stored(), segment.waitingCount]).toEqual([["a", "b"], ["b", "c"], ["c"], 1]);
  bucket.engine.requests.length = 0;
  await segment.flush();
  expect(bucket.engine.requests).toEqual([]);
});

test("of two processes that take it over one has it, and whoever had it before has nothing", async () => {
  const bucket = openBucket();
  const [mine, one, two] = ["me", "one", "two"].map((id) => processOn(bucket, id));
  if (mine === undefined || one === undefined || two === undefined) throw new Error("no processes");
  const segment = new JournalObject("1", mine.options);
  const [entry] = (await segment.append(texts("a"))) ?? [];
  const found = await readSegment(bucket.objects, "segments/1");
  if (found === undefined) throw new Error("no segment");
  const taken = await Promise.all([
    JournalObject.takeOver("1", found, one.options),
    JournalObject.takeOver("1", found, two.options),
  ]);
  expect(taken.filter((each) => each !== undefined).length).toBe(1);
  expect([await segment.append(texts("b")), segment.waitingCount, mine.ended]).toEqual([undefined, 0, ["1 gone"]]);
  expect([await entry?.read(), entry?.isDropped()]).toEqual([undefined, false]);
  // What has it still reads it, and removes it when it is done.
  const [winner] = taken.filter((each) => each !== undefined);
  const [left] = (await winner?.scan()) ?? [];
  expect(await left?.read()).toBe("a");
  left?.done();
  winner?.remove();
  await Promise.all([one.settle(), two.settle()]);
  expect(bucket.engine.keys()).toEqual([]);
});

test("is left to others when it is closed, unless nothing waits", async () => {
  const bucket = openBucket();
  const { options, ended, settle } = processOn(bucket, "me");
  const [left, empty] = [new JournalObject("1", options), new JournalObject("2", options)];
  await left.append(texts("a"));
  const [entry] = (await empty.append(texts("b"))) ?? [];
  entry?.done();
  await Promise.all([left.close(), empty.close()]);
  await settle();
  expect([ended.toSorted(), bucket.engine.keys()]).toEqual([["1 left", "2 gone"], ["segments/1"]]);
});

test("what is given up is gone, and is not told", async () => {
  const bucket = openBucket();
  const { options, settle } = processOn(bucket, "me");
  const segment = new JournalObject("1", options);
  const [entry] = (await segment.append(texts("a"))) ?? [];
  segment.drop();
  segment.remove();
  await settle();
  expect([entry?.isDropped(), await entry?.read(), segment.waitingCount, bucket.engine.keys()]).toEqual([
    true,
    undefined,
    0,
    [],
  ]);
});
