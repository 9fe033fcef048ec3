import { expect, test } from "bun:test";
import { MemoryLocks } from "../../src/storage/memory-locks.ts";
import type { LockMode } from "../../src/storage/ports.ts";

const patienceMs = 60_000;

test("MemoryLocks serves who waits in the order of their coming, shared ones together", async () => {
  const locks = new MemoryLocks();
  const first = await locks.take("a", "alone", 0);
  const order: string[] = [];
  const wait = async (name: string, mode: LockMode) => {
    using _lock = await locks.take("a", mode, patienceMs);
    order.push(`${name} in`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${name} out`);
  };
  const all = [wait("s1", "shared"), wait("s2", "shared"), wait("x", "alone"), wait("s3", "shared")];
  first?.[Symbol.dispose]();
  await Promise.all(all);
  expect(order).toEqual(["s1 in", "s2 in", "s1 out", "s2 out", "x in", "x out", "s3 in", "s3 out"]);
});

test("MemoryLocks lets those pass who came behind one that gave up", async () => {
  const locks = new MemoryLocks();
  using _held = await locks.take("a", "shared", 0);
  const inVain = locks.take("a", "alone", 10);
  const behind = locks.take("a", "shared", patienceMs);
  using passed = await behind;
  expect([await inVain, passed]).toEqual([undefined, expect.anything()]);
});

test("MemoryLocks knows nothing of a lock that nobody holds", async () => {
  const locks = new MemoryLocks();
  for (let round = 0; round < 3; round += 1) {
    const lock = await locks.take("a", "alone", 0);
    expect(lock).toBeDefined();
    lock?.[Symbol.dispose]();
  }
});
