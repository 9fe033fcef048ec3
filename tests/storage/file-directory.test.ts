import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { FileDirectory } from "../../src/storage/file-directory.ts";
import { KeyPaths } from "../../src/storage/key-paths.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { describeOnDisk } from "./contract.ts";
import { describeDirectory } from "./contract-directory.ts";

describeOnDisk(describeDirectory);

test("nobody can tell of another disk what changes there: several may be shown as one, with the times of the first", async () => {
  using root = temporaryDirectory();
  mkdirSync(join(root.path, "a"));
  const paths = new KeyPaths(root.path, new DurableFiles(root.path, { isDurable: false }));
  const directory = new FileDirectory(paths, -1);
  expect([
    await directory.changeTime("a"),
    await directory.changeTime("none"),
    (await directory.prefixTime("a")) !== undefined,
  ]).toEqual([undefined, 0, true]);
});
