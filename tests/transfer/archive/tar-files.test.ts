import { expect, test } from "bun:test";
import { join } from "node:path";
import { readContent } from "../../../src/lib/content.ts";
import { openTarFiles } from "../../../src/transfer/archive/tar-files.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { writeTar } from "./tars.ts";

test("the files of an archive are read as a whole or in part", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "it.tar");
  writeTar(path, [
    { path: "a", text: "first" },
    { path: "b", text: "second" },
  ]);
  const files = await openTarFiles(path, "it");
  const content = await files.open("b");
  if (content === undefined) throw new Error("no file");
  const text = async (part: typeof content) => Buffer.from(await readContent(part)).toString();
  expect([content.sizeBytes, await text(content), await text(content.slice(3, 6))]).toEqual([6, "second", "ond"]);
  expect(await files.open("c")).toBeUndefined();
});
