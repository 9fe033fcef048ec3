import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findInTar, indexTar } from "../../../src/transfer/archive/tar-index.ts";
import { TarWriter } from "../../../src/transfer/archive/tar-writer.ts";
import { must } from "../../e2e/program.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

function collected() {
  const pieces: Uint8Array[] = [];
  const writer = new TarWriter({ write: async (bytes) => void pieces.push(bytes) });
  return { writer, bytes: () => Buffer.concat(pieces) };
}

test("what it writes is read by tar, and is the same each time", async () => {
  using directory = temporaryDirectory();
  const write = async () => {
    const { writer, bytes } = collected();
    await writer.add({
      path: "blobs/a",
      sizeBytes: 4,
      chunks: [new TextEncoder().encode("te"), new TextEncoder().encode("xt")],
    });
    await writer.add({ path: `blobs/${"long/".repeat(60)}b`, sizeBytes: 0, chunks: [] });
    await writer.end();
    return bytes();
  };
  const archive = await write();
  expect(archive.equals(await write())).toBe(true);
  writeFileSync(join(directory.path, "a.tar"), archive);
  const listed = await must(["tar", "-tf", "a.tar"], { cwd: directory.path });
  expect(listed).toBe(`blobs/a\nblobs/${"long/".repeat(60)}b\n`);
  expect(await must(["tar", "-xOf", "a.tar", "blobs/a"], { cwd: directory.path })).toBe("text");
});

test("a file that is not as long as it says fails", async () => {
  const { writer } = collected();
  expect(writer.add({ path: "a", sizeBytes: 4, chunks: [new Uint8Array(3)] })).rejects.toThrow(
    "a has 3 instead of 4 bytes",
  );
});

test("more than 8 GiB go into the header of pax", async () => {
  using directory = temporaryDirectory();
  const { writer, bytes } = collected();
  const sizeBytes = 9 * 1024 ** 3;
  await writer.add({ path: "big", sizeBytes, chunks: [] }).catch(() => undefined);
  const missing = writer.end().then(() => bytes());
  const path = join(directory.path, "big.tar");
  writeFileSync(path, (await missing).subarray(0, 1536));
  const { truncateSync } = await import("node:fs");
  truncateSync(path, 1536 + sizeBytes + 1024);
  expect(findInTar(await indexTar(path, "big"), "big")).toEqual({ offset: 1536, sizeBytes });
  expect(await must(["tar", "-tvf", path])).toContain(` ${sizeBytes} `);
});

test("a large file goes out in pieces, and is not gathered", async () => {
  const sizes: number[] = [];
  const writer = new TarWriter({ write: async (bytes) => void sizes.push(bytes.length) });
  const chunks = Array.from({ length: 40 }, () => new Uint8Array(100_000));
  await writer.add({ path: "large", sizeBytes: 4_000_000, chunks });
  await writer.end();
  expect([sizes.length > 2, Math.max(...sizes) < 1_300_000]).toEqual([true, true]);
});
