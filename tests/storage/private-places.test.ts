import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePrivate, makePrivateDirectory } from "../../src/storage/private-places.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { isRoot, withoutRoot } from "../without-root.ts";

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

test("makePrivateDirectory() makes it, narrows what is there with its files, and follows a link to another disk", () => {
  using directory = temporaryDirectory();
  const [made, wide, linked] = ["made", "wide", "linked"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(wide);
  chmodSync(wide, 0o777);
  writeFileSync(join(wide, "file"), "");
  symlinkSync("/etc/passwd", join(wide, "link"));
  const before = modeOf("/etc/passwd");
  const elsewhere = join(directory.path, "elsewhere");
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, linked);
  const warnings = [made, wide, linked].map(makePrivateDirectory);
  expect([warnings, [made, wide, join(wide, "file"), elsewhere].map(modeOf), modeOf("/etc/passwd")]).toEqual([
    [undefined, undefined, undefined],
    ["700", "700", "600", "700"],
    before,
  ]);
});

test("makePrivate() leaves what is gone, a link, and what is narrow already", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  const answers = [makePrivate(path, 0o600)];
  writeFileSync(path, "");
  chmodSync(path, 0o400);
  answers.push(makePrivate(path, 0o600));
  expect([answers, modeOf(path)]).toEqual([[true, true], "400"]);
});

test.if(isRoot)("makePrivateDirectory() warns of a directory of another user that stays open to others", async () => {
  using directory = temporaryDirectory();
  chmodSync(directory.path, 0o755);
  const path = join(directory.path, "locks");
  mkdirSync(path);
  chmodSync(path, 0o755);
  expect(await withoutRoot(async () => makePrivateDirectory(path))).toStartWith(`${path} can be opened by other users`);
});
