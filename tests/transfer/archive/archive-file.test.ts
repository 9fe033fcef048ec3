import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openArchiveFile } from "../../../src/transfer/archive/archive-file.ts";
import { utf8 } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("an archive is in its place when it is whole, and not before", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "a.tar");
  writeFileSync(path, "old");
  const given = await openArchiveFile(path);
  await given.write(utf8("half"));
  await given.abandon();
  expect([readdirSync(directory.path), readFileSync(path, "utf8")]).toEqual([["a.tar"], "old"]);
  const sink = await openArchiveFile(path);
  await sink.write(utf8("new"));
  expect(readFileSync(path, "utf8")).toBe("old");
  await sink.finish();
  await sink.abandon();
  expect([readdirSync(directory.path), readFileSync(path, "utf8")]).toEqual([["a.tar"], "new"]);
});
