import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { directoriesIn } from "../../src/storage/directories.ts";
import { findObstacle, isObstructed, renameOver } from "../../src/storage/obstacles.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Directories a and b, a file, and symbolic links of every kind. */
function tree() {
  const directory = temporaryDirectory();
  for (const name of ["a/empty", "b"]) mkdirSync(join(directory.path, name), { recursive: true });
  for (const name of ["file", "a/file"]) writeFileSync(join(directory.path, name), "x");
  const links = {
    toFile: "file",
    dangling: "none",
    itself: "itself",
    elsewhere: "a",
    "a/dangling": "none",
    "a/good": "file",
  };
  const loops = { "a/up": ".", "a/across": "b", "b/back": "a" };
  for (const [link, target] of Object.entries({ ...links, ...loops })) {
    symlinkSync(join(directory.path, target), join(directory.path, link));
  }
  return directory;
}

test.each([
  ["a file", "file", "ENOTDIR"],
  ["what lies below a file", "file/below/below", "ENOTDIR"],
  ["what lies behind a link to a file", "toFile/below", "ENOTDIR"],
  ["a link to nothing", "dangling", "ENOLINK"],
  ["what lies behind a link to nothing", "dangling/below/below", "ENOLINK"],
  ["a link to itself", "itself", "ELOOP"],
  ["what lies behind a link to itself", "itself/below", "ELOOP"],
  ["a link to a directory above it", "a/up", "ELOOP"],
  ["a link that comes back through another one", "a/across/back", "ELOOP"],
])("a listing of %s is refused", async (_what, name, code) => {
  using directory = tree();
  await expect(directoriesIn(join(directory.path, name))).rejects.toMatchObject({ code });
});

test("findObstacle() finds none where something is just absent, or a directory", () => {
  using directory = tree();
  const names = ["none", "none/none", "a/none", "elsewhere/none", "a"];
  expect(names.map((name) => findObstacle(join(directory.path, name)))).toEqual(names.map(() => undefined));
});

test("isObstructed() tells what stands in a file's place from what is just absent", () => {
  using directory = tree();
  const of = (name: string) => isObstructed(join(directory.path, name));
  const fine = ["a/file", "a/good", "a/none", "none/none/none", "elsewhere/none", "elsewhere/file"];
  const obstructed = ["a/empty", "a/dangling", "a/file/below", "a/dangling/below", "dangling/below/below"];
  expect([fine.filter(of), obstructed.filter(of)]).toEqual([[], obstructed]);
});

test("renameOver() moves over a file, an empty directory and nothing, not over a directory with something in it", async () => {
  using directory = temporaryDirectory();
  const path = (name: string) => join(directory.path, name);
  mkdirSync(path("empty"));
  mkdirSync(path("full/below"), { recursive: true });
  writeFileSync(path("file"), "old");
  for (const name of ["file", "empty", "none"]) {
    writeFileSync(path("new"), name);
    await renameOver(path("new"), path(name));
    expect(readFileSync(path(name), "utf8")).toBe(name);
  }
  writeFileSync(path("new"), "new");
  await expect(renameOver(path("new"), path("full"))).rejects.toThrow(
    `EISDIR: ${path("full")} is a directory with something in`,
  );
  expect([existsSync(path("new")), existsSync(path("full/below"))]).toEqual([true, true]);
});
