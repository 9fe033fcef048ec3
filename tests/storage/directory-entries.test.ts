import { expect, test } from "bun:test";
import { mkdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DirectoryEntry, readEntries } from "../../src/storage/directory-entries.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

async function entriesOf(path: string): Promise<readonly DirectoryEntry[]> {
  const slices = await Array.fromAsync(readEntries(path));
  return slices.flat().sort((one, other) => (one.name < other.name ? -1 : 1));
}

test("readEntries() tells directories from links and the rest, whatever they are called", async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "d"));
  writeFileSync(join(directory.path, "f"), "");
  symlinkSync("d", join(directory.path, "l"));
  mkdirSync(join(directory.path, "ünï"));
  mkdirSync(join(directory.path, "x".repeat(255)));
  expect(await entriesOf(directory.path)).toEqual([
    { name: "d", kind: "directory" },
    { name: "f", kind: "other" },
    { name: "l", kind: "link" },
    { name: "x".repeat(255), kind: "directory" },
    { name: "ünï", kind: "directory" },
  ]);
});

test("readEntries() reads a large directory in slices, and misses nothing that stays while others go", async () => {
  using directory = temporaryDirectory();
  const names = Array.from({ length: 3000 }, (_, index) => `name-of-some-length-${index}`);
  for (const name of names) mkdirSync(join(directory.path, name));
  const seen = new Set<string>();
  let slices = 0;
  for await (const entries of readEntries(directory.path)) {
    slices += 1;
    for (const { name } of entries) {
      seen.add(name);
      if (name.endsWith("7")) rmdirSync(join(directory.path, name));
    }
  }
  expect(slices).toBeGreaterThan(2);
  expect(names.filter((name) => !seen.has(name) && !name.endsWith("7"))).toEqual([]);
});

test("readEntries() says what the system says where it cannot open, and that a directory went while it was read", async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "file"), "");
  const path = join(directory.path, "gone");
  mkdirSync(path);
  const codeOf = (reading: Promise<unknown>) => reading.catch((error) => error.code);
  const slices = readEntries(path);
  const isFirst = await slices.next();
  expect([
    isFirst.done,
    await codeOf(entriesOf(path.slice(0, -1))),
    await codeOf(entriesOf(`${directory.path}/file`)),
  ]).toEqual([false, "ENOENT", "ENOTDIR"]);
  rmdirSync(path);
  expect(await codeOf(slices.next())).toBe("ENOENT");
});
