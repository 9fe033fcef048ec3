import { expect, test } from "bun:test";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { StartError } from "../../../src/app/start-error.ts";
import { openNodeDirectory } from "../../../src/app/store/node-directory.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const nowhere = { env: {}, canUse: () => false };

function open(
  scratch: string | undefined,
  probe: Parameters<typeof openNodeDirectory>[1],
  bucket = "s3://one/ at host",
) {
  return openNodeDirectory({ scratch, bucket }, probe);
}

test("openNodeDirectory() makes the configured directory, for its owner alone", () => {
  using directory = temporaryDirectory();
  const path = open(join(directory.path, "new/scratch"), nowhere);
  expect([path, statSync(path).mode & 0o777]).toEqual([join(directory.path, "new/scratch"), 0o700]);
});

test("openNodeDirectory() stays beside data that was there before, and each bucket has its own", () => {
  using directory = temporaryDirectory();
  const probe = { env: { XDG_DATA_HOME: directory.path }, canUse: (path: string) => path.startsWith(directory.path) };
  const [one, again, other] = [
    open(undefined, probe),
    open(undefined, probe),
    open(undefined, probe, "s3://two/ at host"),
  ];
  expect([dirname(one), again]).toEqual([join(directory.path, "registry/node"), one]);
  expect([dirname(other) === dirname(one), other === one]).toEqual([true, false]);
});

test("openNodeDirectory() makes one for this start alone if no place can be written", () => {
  const path = open(undefined, nowhere);
  expect([dirname(path), statSync(path).mode & 0o777]).toEqual([tmpdir(), 0o700]);
  rmSync(path, { recursive: true });
});

test("openNodeDirectory() says why the directory cannot be used", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  writeFileSync(path, "");
  expect(() => open(join(path, "scratch"), nowhere)).toThrow(StartError);
  expect(() => open(join(path, "scratch"), nowhere)).toThrow(/\(storage\.s3\.scratch\)$/);
});
