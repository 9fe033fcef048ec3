import { expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { syncDirectory, writeSyncedFile } from "../../../src/app/files/synced-file.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("writeSyncedFile() writes a new file with its mode, and none over another", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  await writeSyncedFile(path, "one", 0o600);
  await expect(writeSyncedFile(path, "two", 0o600)).rejects.toMatchObject({ code: "EEXIST" });
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["one", 0o600]);
  await syncDirectory(directory.path);
});
