import { expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Content, contentOf, readContent } from "../../src/lib/content.ts";
import { contentText } from "../content-text.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

async function describeContent(content: Content) {
  return [content.sizeBytes, await contentText(content), await new Response(content.body()).text()];
}

test.each(["a file", "memory"])("content of %s is read as a whole and in parts, again and again", async (where) => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "data");
  writeFileSync(path, "0123456789");
  const content = contentOf(where === "memory" ? new Blob(["0123456789"]) : Bun.file(path), 10);
  expect(await describeContent(content)).toEqual([10, "0123456789", "0123456789"]);
  expect(await describeContent(content.slice(2, 5))).toEqual([3, "234", "234"]);
  expect(await describeContent(content.slice(8, 99))).toEqual([2, "89", "89"]);
  expect(await describeContent(content.slice(2, 8).slice(1, 3))).toEqual([2, "34", "34"]);
  expect(await readContent(content.slice(0, 0))).toEqual(new Uint8Array());
});

test("of a file that has become longer, only what was announced is content", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "data");
  writeFileSync(path, "announced");
  const content = contentOf(Bun.file(path), 9);
  appendFileSync(path, " and more");
  expect(await describeContent(content)).toEqual([9, "announced", "announced"]);
  expect(await describeContent(content.slice(4, 99))).toEqual([5, "unced", "unced"]);
});
