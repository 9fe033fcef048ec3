import { expect, test } from "bun:test";
import { SharedPieces, sharedPieceBytes } from "../../src/proxy/shared-pieces.ts";

const content = new Uint8Array(300_000).map((_, index) => index % 251);

function start() {
  const pieces = new SharedPieces();
  const reads: [number, number][] = [];
  const read = async (offset: number, maxBytes: number) => {
    reads.push([offset, maxBytes]);
    return content.slice(offset, offset + maxBytes);
  };
  const readAll = async (isAlone: boolean, end = content.length) => {
    const all: Uint8Array[] = [];
    for (let offset = 0; offset < end; ) {
      const piece = await pieces.read(read, { offset, end, isAlone });
      all.push(piece);
      offset += piece.length;
    }
    return Buffer.concat(all).equals(content.subarray(0, end));
  };
  return { pieces, reads, readAll };
}

test("many readers read each piece once, but for what is still growing", async () => {
  const { reads, readAll } = start();
  expect(await Promise.all([readAll(false), readAll(false), readAll(false)])).toEqual([true, true, true]);
  const whole = Math.floor(content.length / sharedPieceBytes);
  expect(reads.length).toBe(whole + 3);
});

test("one alone takes larger pieces", async () => {
  const { reads, readAll } = start();
  expect([await readAll(true), reads.length]).toEqual([true, 2]);
});

test("a piece that could not be read is read again, and none outlives its file", async () => {
  const { pieces, reads, readAll } = start();
  const broken = pieces.read(() => Promise.reject(new Error("EIO")), { offset: 0, end: 100_000, isAlone: false });
  expect(await broken.catch((error: Error) => error.message)).toBe("EIO");
  expect(await readAll(false)).toBe(true);
  pieces.clear();
  const before = reads.length;
  await readAll(false);
  expect(reads.length).toBe(2 * before);
});
