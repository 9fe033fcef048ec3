import { expect, test } from "bun:test";
import { renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeFile } from "../../src/storage/file-stat.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("describeFile() tells size, time and identity; a move keeps the identity and the time of the last write", () => {
  using directory = temporaryDirectory();
  const [from, to] = [join(directory.path, "a"), join(directory.path, "b")];
  writeFileSync(from, "12345");
  const before = describeFile(statSync(from));
  renameSync(from, to);
  const after = describeFile(statSync(to));
  writeFileSync(from, "12345");
  expect([before.sizeBytes, after.identity, after.modifiedMs]).toEqual([5, before.identity, before.modifiedMs]);
  expect(describeFile(statSync(from)).identity).not.toBe(before.identity);
});

test("describeFile() takes a restored backup, with its old time of writing, for changed when it was restored", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "a");
  writeFileSync(path, "");
  utimesSync(path, 1000, 1000);
  const { changedMs, modifiedMs } = describeFile(statSync(path));
  expect([modifiedMs, changedMs > Date.now() - 60_000]).toEqual([1_000_000, true]);
});
