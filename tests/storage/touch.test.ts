import { expect, test } from "bun:test";
import { chmodSync, chownSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { touchFile } from "../../src/storage/touch.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { isRoot, withoutRoot } from "../without-root.ts";

test("touchFile() sets the time of a file to now, and is false where there is none", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  const files = new DurableFiles(directory.path, { isDurable: false });
  const before = await touchFile(files, path);
  writeFileSync(path, "x");
  utimesSync(path, 1000, 1000);
  expect([before, await touchFile(files, path), statSync(path).mtimeMs > Date.now() - 60_000]).toEqual([
    false,
    true,
    true,
  ]);
});

test.if(isRoot)("touchFile() replaces another user's file by a copy", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  chmodSync(directory.path, 0o777);
  writeFileSync(path, "x");
  chmodSync(path, 0o644);
  chownSync(path, 1234, 1234);
  const isTouched = await withoutRoot(async () =>
    touchFile(new DurableFiles(directory.path, { isDurable: false }), path),
  );
  expect([isTouched, statSync(path).uid]).toEqual([true, 65534]);
});
