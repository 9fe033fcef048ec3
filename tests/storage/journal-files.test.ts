import { expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { openFlock } from "../../src/storage/flock.ts";
import { JournalFiles } from "../../src/storage/journal-files.ts";
import type { JournalSegment } from "../../src/storage/journal-segments.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const holder = { noteDone: () => undefined, isHeld: () => false };
const texts = [{ recipients: ["0123456789ab"], text: "{}" }];

function filesIn(directory: string, changes: { readonly flock?: ReturnType<typeof openFlock> } = {}) {
  let ms = 0;
  const now = () => ++ms;
  return new JournalFiles({ directory, flock: openFlock(), isDurable: true, segmentBytes: 1000, now, ...changes });
}

async function collect(files: JournalFiles, isHeld = (_: string) => false): Promise<readonly JournalSegment[]> {
  return await Array.fromAsync(files.takeOver({ ...holder, isHeld }));
}

test("what nobody works on is taken over once, in the order in which it was made", async () => {
  using directory = temporaryDirectory();
  const files = filesIn(directory.path);
  const made = [await files.create(holder), await files.create(holder)];
  for (const segment of made) await segment.append(texts);
  expect(await collect(files)).toEqual([]);
  for (const segment of made) await segment.close();
  const taken = await collect(files);
  expect([taken.map(({ name }) => name), await collect(files)]).toEqual([made.map(({ name }) => name), []]);
});

test("a file that is held is passed over, and so is what is no file of a journal", async () => {
  using directory = temporaryDirectory();
  const files = filesIn(directory.path);
  const made = await files.create(holder);
  await made.append(texts);
  await made.close();
  mkdirSync(`${directory.path}/2.journal`);
  mkdirSync(`${directory.path}/notes`);
  expect(await collect(files, (name) => name === made.name)).toEqual([]);
  expect(await collect(filesIn(`${directory.path}/absent`))).toEqual([]);
});

test("a file that cannot be locked is somebody else's, and after some tries it is an error", async () => {
  using directory = temporaryDirectory();
  const busy = Object.assign(Object.create(openFlock()), { tryLock: () => false });
  const files = filesIn(directory.path, { flock: busy });
  const failure = await files.create(holder).catch((error: unknown) => error);
  expect([String(failure), readdirSync(directory.path).length > 0]).toEqual([
    expect.stringContaining("no file of a journal can be locked"),
    true,
  ]);
});
