// Archives from strangers.
import { describe, expect, test } from "bun:test";
import { ftruncateSync, openSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { findInTar, indexTar } from "../../../src/transfer/archive/tar-index.ts";
import { must } from "../../e2e/program.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { type RawEntry, writeTar } from "./tars.ts";

async function indexed(entries: readonly RawEntry[], end?: Buffer<ArrayBuffer>) {
  using directory = temporaryDirectory();
  const path = join(directory.path, "it.tar");
  writeTar(path, entries, end);
  return await indexTar(path, "it.tar");
}

const longName = `blobs/${"x".repeat(300)}`;

describe("indexTar()", () => {
  test("finds files, also by long names and through links", async () => {
    const index = await indexed([
      { path: "./a", text: "one" },
      { path: "short", text: "two", pax: { path: longName } },
      { path: "dir/", type: "Directory" },
      { path: "dir/link", type: "SymbolicLink", linkpath: "../a" },
      { path: "hard", type: "Link", linkpath: "dir/link" },
      { path: "loop", type: "SymbolicLink", linkpath: "loop" },
      { path: "out", type: "SymbolicLink", linkpath: "../../../etc/passwd" },
    ]);
    const place = { offset: 512, sizeBytes: 3 };
    expect([findInTar(index, "a"), findInTar(index, "hard"), findInTar(index, longName)?.sizeBytes]).toEqual([
      place,
      place,
      3,
    ]);
    expect(["loop", "out", "none", "dir"].map((path) => findInTar(index, path))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("takes what leads out of the archive, and what is no file, for nothing", async () => {
    const index = await indexed([
      { path: "../escape", text: "x" },
      { path: "/etc/passwd", text: "x" },
      { path: "a/../../b", text: "x" },
      { path: "fifo", type: "FIFO" },
      { path: "sparse", text: "x", spoil: (block) => void block.write("S", 156) },
    ]);
    expect([...index.files.keys()]).toEqual([]);
  });

  test("takes the last of several blobs, and refuses a second index", async () => {
    const twice = (path: string) =>
      indexed([
        { path, text: "one" },
        { path, text: "other" },
      ]);
    expect((await twice("blobs/sha256/1")).files.get("blobs/sha256/1")?.sizeBytes).toBe(5);
    expect(twice("./index.json")).rejects.toThrow("it.tar has two files called index.json");
  });

  test.each<[string, readonly RawEntry[], string]>([
    ["an entry that goes on after the end", [{ path: "a", size: 10_000, text: "x" }], "it.tar is cut off"],
    [
      "a senseless size",
      [{ path: "a", spoil: (block) => void block.fill(0xff, 124, 136) }],
      "it.tar has a file without a size",
    ],
    [
      "a header for the next one that is too long",
      [{ path: "a", type: "ExtendedHeader", text: "x".repeat(2_000_000) }],
      "has a header that is too long",
    ],
  ])("refuses %s", async (_name, entries, message) => {
    await expect(indexed(entries)).rejects.toThrow(message);
  });

  test.each<[string, Buffer<ArrayBuffer>, string]>([
    ["an archive without its end", Buffer.alloc(0), "it.tar is cut off"],
    ["half a header", Buffer.alloc(100, 1), "it.tar is cut off"],
    ["what has no header", Buffer.alloc(1024, 7), "it.tar is no tar archive"],
    ["gzip", Buffer.alloc(1024, "\x1f\x8b", "latin1"), "it.tar is compressed; decompress it first, with `gunzip`"],
    [
      "zstd",
      Buffer.alloc(1024, "\x28\xb5\x2f\xfd", "latin1"),
      "it.tar is compressed; decompress it first, with `unzstd`",
    ],
  ])("refuses %s", async (_name, bytes, message) => {
    await expect(indexed([], bytes)).rejects.toThrow(message);
  });

  test("reads what GNU tar writes, with entries of more than 8 GiB", async () => {
    using directory = temporaryDirectory();
    const at = (name: string) => join(directory.path, name);
    const size = 9 * 1024 ** 3;
    ftruncateSync(openSync(at("big"), "w"), size);
    writeFileSync(at("small"), "text");
    // The archive of a file with a hole is as large, but has a hole too.
    await must(["sh", "-c", "tar --format=pax -cf - small > pax.tar"], { cwd: directory.path });
    const gnu = Bun.spawnSync(
      [
        "sh",
        "-c",
        "tar --format=gnu -cf - big | head -c 1024 > head; tar --format=pax -cf - big | head -c 2048 > paxhead",
      ],
      { cwd: directory.path },
    );
    expect(gnu.exitCode).toBe(0);
    for (const head of ["head", "paxhead"]) {
      const bytes = await Bun.file(at(head)).bytes();
      const headers = head === "head" ? 512 : 1536;
      const archive = openSync(at(`${head}.tar`), "w");
      writeSync(archive, bytes.subarray(0, headers));
      ftruncateSync(archive, headers + size + 1024);
      const index = await indexTar(at(`${head}.tar`), head);
      expect(index.files.get("big")).toEqual({ offset: headers, sizeBytes: size });
      expect(statSync(at(`${head}.tar`)).blocks).toBeLessThan(100);
    }
    expect((await indexTar(at("pax.tar"), "pax")).files.get("small")?.sizeBytes).toBe(4);
  });
});
