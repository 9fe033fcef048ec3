import { expect, test } from "bun:test";
import { chmodSync, chownSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markDamage } from "../../src/storage/damage-mark.ts";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { describeFile } from "../../src/storage/file-stat.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { isRoot, withoutRoot } from "../without-root.ts";

function fileIn(directory: string) {
  const path = join(directory, "data");
  const files = new DurableFiles(directory, { isDurable: true });
  writeFileSync(path, "bytes");
  const judged = describeFile(statSync(path));
  const mark = (isDamaged: boolean) => markDamage(files, path, { judged, isDamaged });
  return {
    path,
    mark,
    isDamaged: () => describeFile(statSync(path)).isDamaged,
    mode: () => statSync(path).mode & 0o7777,
  };
}

test("markDamage() marks a file for its owner's eyes alone, and gives it its mode back", async () => {
  using directory = temporaryDirectory();
  const { mark, isDamaged, mode } = fileIn(directory.path);
  const seen = [await mark(true), isDamaged(), mode(), await mark(true), await mark(false), isDamaged(), mode()];
  expect(seen).toEqual([true, true, 0o1400, true, true, false, 0o666 & ~process.umask()]);
});

test("markDamage() leaves alone what has taken the place of the file that was judged, or nothing", async () => {
  using directory = temporaryDirectory();
  const { path, mark, isDamaged } = fileIn(directory.path);
  writeFileSync(`${path}.new`, "whole");
  renameSync(`${path}.new`, path);
  const seen = [await mark(true), isDamaged()];
  rmSync(path);
  expect([...seen, await mark(true)]).toEqual([false, false, false]);
});

test.if(isRoot)("markDamage() throws where the file is another user's", async () => {
  using directory = temporaryDirectory();
  const { path, mark } = fileIn(directory.path);
  chmodSync(directory.path, 0o755);
  chmodSync(path, 0o644);
  chownSync(path, 1234, 1234);
  expect(withoutRoot(() => mark(true))).rejects.toThrow("EPERM");
});

test.each([
  [0o1777, "everything for everybody"],
  [0o444, "read-only"],
  [0o1644, "sticky"],
])("a mode of %o (%s) that somebody gave to all files is no mark", (mode) => {
  using directory = temporaryDirectory();
  const { path, isDamaged } = fileIn(directory.path);
  chmodSync(path, mode);
  expect(isDamaged()).toBe(false);
});
