import { expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Content, contentOf, contentOfBytes, readContent } from "../../src/lib/content.ts";
import { contentText } from "../content-text.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

async function describeContent(content: Content) {
  const text = await contentText(content);
  expect(await textThroughBuffer(content)).toBe(text);
  return [content.sizeBytes, text, await new Response(content.body()).text()];
}

async function textThroughBuffer(content: Content): Promise<string> {
  let text = "";
  for await (const bytes of content.throughBuffer?.() ?? content.stream()) text += Buffer.from(bytes).toString();
  return text;
}

test.each(["a file", "a blob in memory", "bytes"])(
  "content of %s is read as a whole and in parts, again and again",
  async (where) => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "data");
    writeFileSync(path, "0123456789");
    const kept = new TextEncoder().encode("0123456789");
    const blob = where === "a file" ? Bun.file(path) : new Blob([kept]);
    const content = where === "bytes" ? contentOfBytes(kept) : contentOf(blob, 10);
    expect(await describeContent(content)).toEqual([10, "0123456789", "0123456789"]);
    expect(await describeContent(content.slice(2, 5))).toEqual([3, "234", "234"]);
    expect(await describeContent(content.slice(8, 99))).toEqual([2, "89", "89"]);
    expect(await describeContent(content.slice(2, 8).slice(1, 3))).toEqual([2, "34", "34"]);
    expect(await readContent(content.slice(0, 0))).toEqual(new Uint8Array());
  },
);

test("of a file that has become longer, only what was announced is content", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "data");
  writeFileSync(path, "announced");
  const content = contentOf(Bun.file(path), 9);
  appendFileSync(path, " and more");
  expect(await describeContent(content)).toEqual([9, "announced", "announced"]);
  expect(await describeContent(content.slice(4, 99))).toEqual([5, "unced", "unced"]);
});

test("a file is read through one buffer, and closed by whoever stops early", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "data");
  const bytes = randomBytes(1_000_000);
  writeFileSync(path, bytes);
  const content = contentOf(Bun.file(path), bytes.length);
  const hash = createHash("sha256");
  const buffers = new Set<ArrayBufferLike>();
  for await (const piece of content.throughBuffer?.() ?? []) {
    hash.update(piece);
    buffers.add(piece.buffer);
  }
  expect([hash.digest("hex"), buffers.size]).toEqual([createHash("sha256").update(bytes).digest("hex"), 1]);
  const openFiles = () => readdirSync("/proc/self/fd").length;
  const before = openFiles();
  for await (const _piece of content.throughBuffer?.() ?? []) break;
  expect(openFiles()).toBe(before);
  expect(contentOf(new Blob(["in memory"])).throughBuffer).toBeUndefined();
});

test("a file that has become shorter ends where it ends", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "data");
  writeFileSync(path, "short");
  expect(await textThroughBuffer(contentOf(Bun.file(path), 100))).toBe("short");
});
