import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  countFiles,
  directoriesIn,
  directoryTime,
  isGone,
  namesIn,
  removeDirectory,
  removeEmptyTree,
  removeTree,
  statIfThere,
  sweepTemporaryFiles,
} from "../../src/storage/directories.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { withoutRoot } from "../without-root.ts";

const hourMs = 3_600_000;
/** Before an hour ago nothing was written here; before an hour hence everything was. */
const young = { beforeMs: Date.now() - hourMs, isDryRun: false };
const old = { beforeMs: Date.now() + hourMs, isDryRun: false };
const dry = { ...old, isDryRun: true };

/** Makes files and, with a "/" at the end, directories below a new one. */
function tree(...names: readonly string[]) {
  const directory = temporaryDirectory();
  for (const name of names) {
    const path = join(directory.path, name);
    mkdirSync(name.endsWith("/") ? path : join(path, ".."), { recursive: true });
    if (!name.endsWith("/")) writeFileSync(path, "x");
  }
  return directory;
}

test("directoriesIn() has directories alone, and none of what is not there", async () => {
  using directory = tree("a/", "b/c/", "file");
  const of = async (name: string) => (await directoriesIn(join(directory.path, name))).sort();
  const others: string[] = [];
  await directoriesIn(directory.path, (name) => others.push(name));
  expect([await of("."), await of("none"), await of("none/none"), others]).toEqual([["a", "b"], [], [], ["file"]]);
});

test("directoriesIn() follows symbolic links; one that leads to nothing may be a directory", async () => {
  using directory = tree("a/b/", "file");
  const of = async (name: string) => (await directoriesIn(join(directory.path, name))).sort();
  for (const [name, target] of Object.entries({ link: "a", toFile: "file", dangling: "none" })) {
    symlinkSync(join(directory.path, target), join(directory.path, name));
  }
  expect([await of("."), await of("link")]).toEqual([["a", "dangling", "link"], ["b"]]);
  await expect(of("dangling")).rejects.toThrow("a symbolic link to something that is not there");
});

test("removeEmptyTree() leaves a symbolic link and what it leads to", async () => {
  using directory = tree("elsewhere/empty/", "t/");
  symlinkSync(join(directory.path, "elsewhere"), join(directory.path, "t/link"));
  expect(await removeEmptyTree(join(directory.path, "t"))).toBe(false);
  expect(existsSync(join(directory.path, "elsewhere/empty"))).toBe(true);
});

test("directoriesIn() throws where it may not look", async () => {
  using directory = tree("a/b/");
  chmodSync(join(directory.path, "a"), 0);
  const error = await withoutRoot(async () => directoriesIn(join(directory.path, "a"))).catch((reason) => reason);
  chmodSync(join(directory.path, "a"), 0o755);
  expect([error?.code, isGone(error)]).toEqual(["EACCES", false]);
});

test("statIfThere() is undefined for what is not there, and below a file", () => {
  using directory = tree("file");
  const of = (name: string) => statIfThere(join(directory.path, name))?.size;
  expect([of("file"), of("none"), of("none/none"), of("file/below")]).toEqual([1, undefined, undefined, undefined]);
});

test("removeDirectory() removes an empty one alone", () => {
  using directory = tree("empty/", "full/file", "file");
  const remove = (name: string) => removeDirectory(join(directory.path, name));
  expect([remove("empty"), remove("empty"), remove("full"), remove("file")]).toEqual([true, false, false, false]);
});

test.each([
  [["t/a/b/", "t/c/"], true],
  [["t/"], true],
  [[], true],
  [["t/a/file", "t/a/b/"], false],
  [["t/file"], false],
])("removeEmptyTree() of %p: %p", async (names, want) => {
  using directory = tree(...names);
  const path = join(directory.path, "t");
  const files = names.filter((name) => !name.endsWith("/"));
  expect([
    await removeEmptyTree(path),
    existsSync(path),
    files.map((name) => existsSync(join(directory.path, name))),
  ]).toEqual([want, !want, files.map(() => true)]);
});

test("sweepTemporaryFiles() removes files of dead writers, and nothing else", async () => {
  using directory = tree("a/link.1.tmp", "a/link", "b.tmp/data", "b.tmp/c/data.2.tmp", "data.tmpx", "tmp");
  const path = directory.path;
  const counts = [await sweepTemporaryFiles(path, young), await sweepTemporaryFiles(path, dry)];
  const areThere = ["a/link.1.tmp", "b.tmp/c/data.2.tmp"].map((name) => existsSync(join(path, name)));
  counts.push(await sweepTemporaryFiles(path, old), await sweepTemporaryFiles(path, old));
  const left = ["a/link", "b.tmp/data", "data.tmpx", "tmp", "a/link.1.tmp", "b.tmp/c/data.2.tmp"];
  expect([counts, areThere]).toEqual([
    [0, 2, 2, 0],
    [true, true],
  ]);
  expect(left.map((name) => existsSync(join(path, name)))).toEqual([true, true, true, true, false, false]);
});

test("sweepTemporaryFiles() passes over what it may not read or remove", async () => {
  using directory = tree("closed/1.tmp", "fixed/2.tmp", "open/3.tmp");
  const path = directory.path;
  for (const [name, mode] of [
    [".", 0o755],
    ["closed", 0],
    ["fixed", 0o555],
    ["open", 0o777],
  ] as const) {
    chmodSync(join(path, name), mode);
  }
  const count = await withoutRoot(() => sweepTemporaryFiles(path, old));
  for (const name of ["closed", "fixed"]) chmodSync(join(path, name), 0o755);
  expect([count, existsSync(join(path, "closed/1.tmp")), existsSync(join(path, "fixed/2.tmp"))]).toEqual([
    1,
    true,
    true,
  ]);
});

test("sweepTemporaryFiles() finds nothing where there is nothing", async () => {
  expect(await sweepTemporaryFiles("/nowhere/at/all", old)).toBe(0);
});

test("countFiles() counts at any depth, and namesIn() everything that is there", async () => {
  using directory = tree("a/b/one", "a/two", "empty/", "three");
  expect([await countFiles(directory.path), await countFiles(join(directory.path, "none"))]).toEqual([3, 0]);
  expect((await namesIn(directory.path)).sort()).toEqual(["a", "empty", "three"]);
  expect(await namesIn(join(directory.path, "none"))).toEqual([]);
});

test("removeTree() goes on where somebody else removes the same tree", async () => {
  using directory = tree(...Array.from({ length: 50 }, (_, index) => `t/${index % 7}/${index}/file`));
  const path = join(directory.path, "t");
  await Promise.all([removeTree(path), removeTree(path), removeTree(path)]);
  expect(existsSync(path)).toBe(false);
});

test("removeTree() removes a link and leaves what it leads to", async () => {
  using directory = tree("elsewhere/file", "t/a/b/file", "t/file");
  symlinkSync(join(directory.path, "elsewhere"), join(directory.path, "t/a/link"));
  for (const name of ["t", "none", "elsewhere/none"]) await removeTree(join(directory.path, name));
  expect([await namesIn(directory.path), await namesIn(join(directory.path, "elsewhere"))]).toEqual([
    ["elsewhere"],
    ["file"],
  ]);
});

test("directoryTime() is the time of a directory, and of nothing else", async () => {
  using directory = tree("full/a", "file");
  const time = (name: string) => directoryTime(join(directory.path, name));
  expect([Math.abs(((await time("full")) ?? 0) - Date.now()) < 60_000, await time("file"), await time("none")]).toEqual(
    [true, undefined, undefined],
  );
});
