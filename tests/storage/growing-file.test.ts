import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { holdGrowingFile } from "../../src/storage/growing-file.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("holdGrowingFile() goes on behind what is there, and moves the file into its place", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "growing");
  await Bun.write(path, "one ");
  const files = new DurableFiles(directory.path, { isDurable: true });
  const descriptor = openSync(path, "a");
  const growing = holdGrowingFile({ files, root: directory.path, path }, descriptor);
  const large = new Uint8Array(300_000).fill(120);
  await growing.append([new TextEncoder().encode("two "), large]);
  await growing.commit("place/data");
  closeSync(descriptor);
  const text = readFileSync(join(directory.path, "place/data"), "utf8");
  expect([growing.sizeBytes, text.slice(0, 10), text.length]).toEqual([300_008, "one two xx", 300_008]);
});
