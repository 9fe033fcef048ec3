import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPrivateFile, removePrivateFile, replacePrivateFile } from "../../../src/app/files/private-file.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("replacePrivateFile() replaces a file that others could read by one that they cannot", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "secret");
  writeFileSync(path, "old", { mode: 0o644 });
  await replacePrivateFile(path, "new");
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["new", 0o600]);
});

test("createPrivateFile() lets one of several makers win, and leaves nothing beside", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "secret");
  const made = await Promise.all(["a", "b", "c"].map((text) => createPrivateFile(path, text)));
  expect(made.filter(Boolean)).toHaveLength(1);
  expect(readFileSync(path, "utf8")).toBe("abc"[made.indexOf(true)] ?? "");
  expect(readdirSync(directory.path)).toEqual(["secret"]);
});

test("createPrivateFile() passes on what the system refuses", async () => {
  using directory = temporaryDirectory();
  await expect(createPrivateFile(join(directory.path, "missing/secret"), "x")).rejects.toThrow("ENOENT");
});

test("removePrivateFile() tells whether there was a file", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "secret");
  await createPrivateFile(path, "x");
  expect([await removePrivateFile(path), await removePrivateFile(path)]).toEqual([true, false]);
});
