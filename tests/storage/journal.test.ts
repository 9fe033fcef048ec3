import { describe, expect, test } from "bun:test";
import { appendFileSync, chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFlock } from "../../src/storage/flock.ts";
import { Journal, type JournalOptions } from "../../src/storage/journal.ts";
import { JournalFiles, type JournalFilesOptions } from "../../src/storage/journal-files.ts";
import type { JournalEntry } from "../../src/storage/journal-segments.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { withoutRoot } from "../without-root.ts";

const [ci, audit] = ["0123456789ab", "ba9876543210"];

/** A journal below the directory, with everything that it hands out. */
function journalIn(root: string, changes: Partial<JournalOptions & JournalFilesOptions> = {}) {
  const entries: JournalEntry[] = [];
  const drops: number[] = [];
  let ms = 0;
  const segments = new JournalFiles({
    directory: join(root, "notifications"),
    flock: openFlock(),
    isDurable: true,
    segmentBytes: 100_000,
    now: () => {
      ms += 1;
      return Date.now() + ms;
    },
    ...changes,
  });
  const journal = new Journal({
    segments,
    maxBytes: 1_000_000,
    take: (entry) => void entries.push(entry),
    noteDrop: () => void drops.push(1),
    ...changes,
  });
  const texts = () => Promise.all(entries.map(async (entry) => [entry.recipient, await entry.read()]));
  return { journal, entries, drops, texts };
}

const filesIn = (root: string): readonly string[] => readdirSync(join(root, "notifications"));

describe("Journal", () => {
  test("hands out what was appended, to each recipient, when it is on disk", async () => {
    using directory = temporaryDirectory();
    const { journal, texts } = journalIn(directory.path);
    await Promise.all([
      journal.append({ recipients: [ci, audit], text: '{"a":"ü"}' }),
      journal.append({ recipients: [audit], text: '{"b":1}' }),
    ]);
    expect(await texts()).toEqual([
      [ci, '{"a":"ü"}'],
      [audit, '{"a":"ü"}'],
      [audit, '{"b":1}'],
    ]);
    await journal.close();
  });

  test("only the owner may open the files", async () => {
    using directory = temporaryDirectory();
    const { journal } = journalIn(directory.path);
    await journal.append({ recipients: [ci], text: "{}" });
    const path = join(directory.path, "notifications");
    const modes = [path, ...filesIn(directory.path).map((name) => join(path, name))].map(
      (each) => statSync(each).mode & 0o777,
    );
    expect(modes).toEqual([0o700, 0o600]);
    await journal.close();
  });

  test("what is not done waits for the next process, and nothing else does", async () => {
    using directory = temporaryDirectory();
    const first = journalIn(directory.path);
    for (const text of ["1", "2", "3"]) await first.journal.append({ recipients: [ci, audit], text });
    for (const entry of first.entries) if (entry.recipient === ci || (await entry.read()) === "2") entry.done();
    await first.journal.close();
    const second = journalIn(directory.path);
    await second.journal.takeOver();
    expect(await second.texts()).toEqual([
      [audit, "1"],
      [audit, "3"],
    ]);
    for (const entry of second.entries) entry.done();
    expect(filesIn(directory.path)).toEqual([]);
    await second.journal.close();
  });

  test("leaves the files of a process that works alone", async () => {
    using directory = temporaryDirectory();
    const [first, second] = [journalIn(directory.path), journalIn(directory.path)];
    await first.journal.append({ recipients: [ci], text: "1" });
    await second.journal.append({ recipients: [ci], text: "2" });
    await second.journal.takeOver();
    await second.journal.takeOver();
    expect(await second.texts()).toEqual([[ci, "2"]]);
    await first.journal.close();
    await second.journal.takeOver();
    expect(await second.texts()).toEqual([
      [ci, "2"],
      [ci, "1"],
    ]);
    await second.journal.close();
  });

  test("a file goes when all of it is done, and the one that is written to when the journal is closed", async () => {
    using directory = temporaryDirectory();
    const { journal, entries } = journalIn(directory.path, { segmentBytes: 1 });
    await journal.append({ recipients: [ci], text: "1" });
    await journal.append({ recipients: [ci], text: "2" });
    expect(filesIn(directory.path).length).toBe(2);
    entries[0]?.done();
    expect(filesIn(directory.path).length).toBe(1);
    entries[1]?.done();
    await journal.close();
    expect(filesIn(directory.path)).toEqual([]);
  });

  test("gives up the oldest file where there are too many bytes", async () => {
    using directory = temporaryDirectory();
    const { journal, entries, drops } = journalIn(directory.path, { segmentBytes: 100, maxBytes: 300 });
    for (let index = 0; index < 10; index += 1) await journal.append({ recipients: [ci], text: "x".repeat(90) });
    const sizes = filesIn(directory.path).map((name) => statSync(join(directory.path, "notifications", name)).size);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const dropped = entries.map((entry) => entry.isDropped());
    expect([total <= 300, dropped.indexOf(false), drops.length > 0]).toEqual([true, 10 - sizes.length, true]);
    // Late news of one that was given up are harmless.
    entries[0]?.done();
    await journal.close();
  });

  test("passes over a line without its end, and over what is no record", async () => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, "notifications"));
    const path = join(directory.path, "notifications", "1.journal");
    writeFileSync(path, `.${ci} {"a":1}\n\u0000\u0000\nnothing\n+${ci} {"b":1}\n.${ci}+${audit} {"c":1}\n.${ci} {"tor`);
    const { journal, texts } = journalIn(directory.path);
    await journal.takeOver();
    expect(await texts()).toEqual([
      [ci, '{"a":1}'],
      [ci, '{"c":1}'],
    ]);
    await journal.close();
  });

  test("a mark is one byte in its place", async () => {
    using directory = temporaryDirectory();
    const { journal, entries } = journalIn(directory.path);
    await journal.append({ recipients: [ci, audit], text: "x" });
    entries[1]?.done();
    const [name = ""] = filesIn(directory.path);
    expect(readFileSync(join(directory.path, "notifications", name), "utf8")).toBe(`.${ci}+${audit} x\n`);
    await journal.close();
  });

  test("without locks what was left is taken over all the same", async () => {
    using directory = temporaryDirectory();
    const first = journalIn(directory.path, { flock: undefined, isDurable: false });
    await first.journal.append({ recipients: [ci], text: "1" });
    await first.journal.close();
    const second = journalIn(directory.path, { flock: undefined, isDurable: false });
    await second.journal.takeOver();
    expect(await second.texts()).toEqual([[ci, "1"]]);
    await second.journal.close();
  });

  test("refuses what cannot be written, and takes the next when it can be", async () => {
    await withoutRoot(async () => {
      using directory = temporaryDirectory();
      const { journal, texts } = journalIn(directory.path);
      chmodSync(directory.path, 0o500);
      const refused = await journal.append({ recipients: [ci], text: "1" }).catch((error: unknown) => error);
      chmodSync(directory.path, 0o700);
      await journal.append({ recipients: [ci], text: "2" });
      expect([(refused as NodeJS.ErrnoException).code, await texts()]).toEqual(["EACCES", [[ci, "2"]]]);
      await journal.close();
    });
  });

  test("without a directory there is nothing to take over, and what else lies in it is left alone", async () => {
    using directory = temporaryDirectory();
    const { journal, texts } = journalIn(directory.path);
    await journal.takeOver();
    mkdirSync(join(directory.path, "notifications"));
    appendFileSync(join(directory.path, "notifications", "notes.txt"), "x");
    mkdirSync(join(directory.path, "notifications", "2.journal"));
    await journal.takeOver();
    expect([await texts(), filesIn(directory.path).toSorted()]).toEqual([[], ["2.journal", "notes.txt"]]);
    await journal.close();
  });
});
