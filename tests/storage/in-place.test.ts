import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { appendIfThere, touchFile } from "../../src/storage/in-place.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const bytes = new TextEncoder().encode("two\n");

test("appendIfThere() adds to what is there, and makes nothing", async () => {
  using directory = temporaryDirectory();
  const [file, none] = [join(directory.path, "file"), join(directory.path, "none")];
  writeFileSync(file, "one\n");
  const sizes: (number | undefined)[] = [];
  for (const path of [file, none, join(file, "below")]) sizes.push(await appendIfThere(path, bytes));
  expect([sizes, readFileSync(file, "utf8"), existsSync(none)]).toEqual([
    [8, undefined, undefined],
    "one\ntwo\n",
    false,
  ]);
});

test("touchFile() sets the time of what is there", async () => {
  using directory = temporaryDirectory();
  const files = new DurableFiles(directory.path, { isDurable: false });
  const file = join(directory.path, "file");
  writeFileSync(file, "x");
  utimesSync(file, 1, 1);
  const beforeMs = Date.now() - 1;
  expect([await touchFile(files, file), await touchFile(files, join(directory.path, "none"))]).toEqual([true, false]);
  expect(statSync(file).mtimeMs).toBeGreaterThanOrEqual(beforeMs);
});

test("appendIfThere() says what the system says", async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "d"));
  await expect(appendIfThere(join(directory.path, "d"), bytes)).rejects.toThrow("EISDIR");
  await expect(appendIfThere("/dev/full", bytes)).rejects.toThrow("ENOSPC");
});
