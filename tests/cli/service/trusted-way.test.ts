import { expect, test } from "bun:test";
import { chmodSync, lchownSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { requireTrustedWay } from "../../../src/cli/service/trusted-way.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

/** The path, judged below a root that was prepared. */
function judge(path: string, prepare: (place: (path: string) => string) => void) {
  using root = temporaryDirectory();
  mkdirSync(join(root.path, "srv/own/x"), { recursive: true });
  prepare((each) => join(root.path, each));
  requireTrustedWay(path, root.path);
}

const stranger = 4711;
const isRoot = process.getuid?.() === 0;

test.each<[string, string, (place: (path: string) => string) => void]>([
  ["directories of root", "/srv/own/x", () => {}],
  ["what is not there yet", "/srv/new/x", () => {}],
  ["a link of root", "/srv/link", (place) => symlinkSync("own/x", place("srv/link"))],
  ["a directory in which only owners replace", "/srv/own/x", (place) => chmodSync(place("srv/own"), 0o1777)],
])("it leads through %s", (_, path, prepare) => {
  expect(() => judge(path, prepare)).not.toThrow();
});

test("it does not lead through a directory in which everybody replaces things", () => {
  expect(() => judge("/srv/own/x", (place) => chmodSync(place("srv/own"), 0o777))).toThrow("/srv/own does not belong");
});

test.skipIf(!isRoot).each<[string, string, (place: (path: string) => string) => void]>([
  ["/srv/own", "/srv/own/x", (place) => lchownSync(place("srv/own"), stranger, stranger)],
  [
    "/srv/own/link",
    "/srv/own/link",
    (place) => {
      symlinkSync("/srv/own/x", place("srv/own/link"));
      lchownSync(place("srv/own/link"), stranger, stranger);
    },
  ],
  [
    "/srv/own",
    "/srv/link",
    (place) => {
      symlinkSync("/srv/own/x", place("srv/link"));
      lchownSync(place("srv/own"), stranger, stranger);
    },
  ],
])("it does not lead through %s of somebody else", (where, path, prepare) => {
  expect(() => judge(path, prepare)).toThrow(`${where} does not belong to root alone`);
});

test.skipIf(!isRoot)("the directory itself may be somebody else's", () => {
  expect(() => judge("/srv/own/x", (place) => lchownSync(place("srv/own/x"), stranger, stranger))).not.toThrow();
});
