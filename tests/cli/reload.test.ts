import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { reloadOnChange } from "../../src/cli/reload.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("SIGHUP reads the configuration again, and not after the disposal", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const reloading = reloadOnChange([], async () => {
    count += 1;
    resolve();
  });
  process.emit("SIGHUP");
  await promise;
  reloading[Symbol.dispose]();
  process.emit("SIGHUP");
  expect(count).toBe(1);
});

test("so does a change of the file", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "config.yml");
  writeFileSync(path, "version: 0.1\n");
  const { promise, resolve } = Promise.withResolvers<void>();
  using _reloading = reloadOnChange([path], async () => resolve());
  // The first look may come after a first change.
  let count = 0;
  const changing = setInterval(() => {
    count += 1;
    writeFileSync(path, `version: 0.1\n# ${"changed ".repeat(count)}\n`);
  }, 100);
  await promise;
  clearInterval(changing);
});
