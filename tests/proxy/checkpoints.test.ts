import { expect, test } from "bun:test";
import { startHash } from "../../src/oci/hash.ts";
import { Checkpoints } from "../../src/proxy/checkpoints.ts";

const mebibyte = 1024 * 1024;

test("a checkpoint is a hash of its own, so that it can be gone on from", () => {
  const bytes = new Uint8Array(40 * mebibyte).fill(3);
  const hash = startHash("sha256");
  const checkpoints = new Checkpoints(hash.fork());
  for (let start = 0; start < bytes.length; start += mebibyte) {
    hash.update(bytes.subarray(start, start + mebibyte));
    checkpoints.note(hash.sizeBytes, () => hash.fork());
  }
  const positions = [0, 16 * mebibyte - 1, 16 * mebibyte, 33 * mebibyte, 40 * mebibyte];
  expect(positions.map((position) => checkpoints.before(position).sizeBytes / mebibyte)).toEqual([0, 0, 16, 32, 32]);
  const resumed = checkpoints.before(33 * mebibyte);
  resumed.update(bytes.subarray(resumed.sizeBytes));
  expect(resumed.digest()).toBe(hash.digest());
});

test("there are never many of them, however large the blob is, and never a long way to the last one", () => {
  const start = startHash("sha256");
  const checkpoints = new Checkpoints(start);
  const forks: number[] = [];
  for (let sizeBytes = mebibyte; sizeBytes < 64 * 1024 * mebibyte; sizeBytes += 16 * mebibyte) {
    checkpoints.note(sizeBytes, () => {
      forks.push(sizeBytes);
      return { ...start, sizeBytes, fork: () => ({ ...start, sizeBytes, fork: () => start }) };
    });
  }
  expect(forks.length).toBeLessThan(1000);
  const half = 32 * 1024 * mebibyte;
  expect(half - checkpoints.before(half).sizeBytes).toBeLessThan(512 * mebibyte);
  expect(checkpoints.before(mebibyte).sizeBytes).toBe(0);
});
