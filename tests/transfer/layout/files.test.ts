import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readContent } from "../../../src/lib/content.ts";
import { blobPath, directoryFiles, readIfThere } from "../../../src/transfer/layout/files.ts";
import { digestOf } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("a directory gives its files, and nothing for what is none", async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "blobs"));
  writeFileSync(join(directory.path, "file"), "text");
  Bun.spawnSync(["mkfifo", join(directory.path, "pipe")]);
  const files = directoryFiles(directory.path, "it");
  const content = await files.open("file");
  expect(content === undefined ? undefined : Buffer.from(await readContent(content)).toString()).toBe("text");
  for (const path of ["none", "blobs", "pipe", "file/below"]) expect(await files.open(path)).toBeUndefined();
  expect(await readIfThere(join(directory.path, "none"))).toBeUndefined();
  expect(Buffer.from((await readIfThere(join(directory.path, "file"))) ?? []).toString()).toBe("text");
});

test("blobPath() is the spec's", () => {
  const digest = digestOf("x");
  expect(blobPath(digest)).toBe(`blobs/sha256/${digest.slice(7)}`);
});
