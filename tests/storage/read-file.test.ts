import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../../src/storage/read-file.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test.each([0, 10, 200_000])("readIfThere() reads a file of %p bytes, and nothing if there is none", async (length) => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  writeFileSync(path, "x".repeat(length));
  const none = [
    await readIfThere(join(directory.path, "none"), length),
    await readIfThere(join(path, "below"), length),
  ];
  const read = (await readIfThere(path, length))?.bytes;
  expect([read?.length, read?.every((byte) => byte === 120), ...none]).toEqual([length, true, undefined, undefined]);
});

test("readIfThere() reads through a symbolic link, and nothing of what is too long or no file", async () => {
  using directory = temporaryDirectory();
  const path = (name: string) => join(directory.path, name);
  writeFileSync(path("file"), "text");
  symlinkSync("file", path("link"));
  mkdirSync(path("directory"));
  expect(Bun.spawnSync(["mkfifo", path("pipe")]).exitCode).toBe(0);
  const read = async (name: string, maxBytes: number) => {
    const bytes = (await readIfThere(path(name), maxBytes))?.bytes;
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  };
  expect([
    await read("link", 4),
    await read("file", 3),
    await read("directory", 100_000),
    await read("pipe", 100),
  ]).toEqual(["text", undefined, undefined, undefined]);
});
