import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { withFileLock } from "../../../src/app/files/file-lock.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("withFileLock() lets one at a time work, and makes the file for its owner alone", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, ".lock");
  let atWork = 0;
  let mostAtWork = 0;
  const work = async () => {
    atWork += 1;
    mostAtWork = Math.max(mostAtWork, atWork);
    await new Promise((resolve) => setTimeout(resolve, 2));
    atWork -= 1;
  };
  await Promise.all([1, 2, 3, 4].map(() => withFileLock(path, work)));
  expect([mostAtWork, statSync(path).mode & 0o777]).toEqual([1, 0o600]);
});

test("withFileLock() lets go after a failure", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, ".lock");
  const failing = withFileLock(path, async () => {
    throw new Error("no");
  });
  expect([await failing.catch(String), await withFileLock(path, async () => "yes")]).toEqual(["Error: no", "yes"]);
});
