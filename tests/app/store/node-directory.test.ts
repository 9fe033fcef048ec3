import { expect, test } from "bun:test";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { StartError } from "../../../src/app/start-error.ts";
import { openNodeDirectory } from "../../../src/app/store/node-directory.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const nowhere = { env: {}, canUse: () => false };

test("openNodeDirectory() makes the configured directory, for its owner alone", () => {
  using directory = temporaryDirectory();
  const path = openNodeDirectory(join(directory.path, "new/scratch"), nowhere);
  expect([path, statSync(path).mode & 0o777]).toEqual([join(directory.path, "new/scratch"), 0o700]);
});

test("openNodeDirectory() stays beside data that was there before", () => {
  using directory = temporaryDirectory();
  const probe = { env: { XDG_DATA_HOME: directory.path }, canUse: (path: string) => path.startsWith(directory.path) };
  expect(openNodeDirectory(undefined, probe)).toBe(join(directory.path, "registry/node"));
});

test("openNodeDirectory() makes one for this start alone if no place can be written", () => {
  const path = openNodeDirectory(undefined, nowhere);
  expect([dirname(path), statSync(path).mode & 0o777]).toEqual([tmpdir(), 0o700]);
  rmSync(path, { recursive: true });
});

test("openNodeDirectory() says why the directory cannot be used", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  writeFileSync(path, "");
  expect(() => openNodeDirectory(join(path, "scratch"), nowhere)).toThrow(StartError);
  expect(() => openNodeDirectory(join(path, "scratch"), nowhere)).toThrow(/\(storage\.s3\.scratch\)$/);
});
