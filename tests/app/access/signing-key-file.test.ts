import { expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SigningKeyFile } from "../../../src/app/access/signing-key-file.ts";
import { SharedFiles } from "../../../src/app/store/shared-files.ts";
import { openBucket } from "../../storage/s3/bucket.ts";
import type { Engine } from "../../storage/s3/engine.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const dayMs = 24 * 3_600_000;

/** As many processes as wanted on one store, and their clock. */
function processes() {
  const directory = temporaryDirectory();
  const clock = { nowMs: 1000 * dayMs };
  const open = () => new SigningKeyFile(directory.path, { now: () => clock.nowMs, lifetimeMs: 100 * dayMs });
  const path = join(directory.path, "auth/signing-keys.json");
  return { path, clock, open, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

test("of several processes that race for the first key, all sign with the same one", async () => {
  using store = processes();
  const keys = await Promise.all([1, 2, 3, 4].map(() => store.open().current()));
  expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1);
});

test("nobody but the owner can read the keys, and nothing is left beside them", async () => {
  using store = processes();
  await store.open().current();
  const directory = join(store.path, "..");
  const modes = [directory, store.path].map((path) => statSync(path).mode & 0o777);
  expect([modes, readdirSync(directory).sort()]).toEqual([
    [0o700, 0o600],
    [".lock", "signing-keys.json"],
  ]);
});

test("a process believes the key that another one has rotated in, and the old one until its tokens are over", async () => {
  using store = processes();
  const [one, other] = [store.open(), store.open()];
  const first = await one.current();
  store.clock.nowMs += 90 * dayMs;
  const second = await one.current();
  expect([second.kid === first.kid, other.find(second.kid)?.kid, other.find(first.kid)?.kid]).toEqual([
    false,
    second.kid,
    first.kid,
  ]);
  store.clock.nowMs += 102 * dayMs;
  await one.current();
  expect([other.find(first.kid), other.find(second.kid)?.kid]).toEqual([undefined, second.kid]);
});

test("keys that are removed are gone, and the next token makes a new one", async () => {
  using store = processes();
  const file = store.open();
  const { kid } = await file.current();
  rmSync(store.path);
  expect(file.find(kid)).toBeUndefined();
  expect((await file.current()).kid).not.toBe(kid);
});

test("a damaged file of keys is an error, and stays as it is", async () => {
  using store = processes();
  await store.open().current();
  writeFileSync(store.path, "{");
  await expect(store.open().current()).rejects.toThrow();
  expect(readFileSync(store.path, "utf8")).toBe("{");
});

test("nodes on one bucket sign with the same key, and with a new one only when every node knows it", async () => {
  const { engine } = openBucket();
  const clock = { nowMs: 1000 * dayMs };
  using one = node(engine, clock);
  using other = node(engine, clock);
  const [first, same] = await Promise.all([one.keys.current(), other.keys.current()]);
  expect(same.kid).toBe(first.kid);
  clock.nowMs += 90 * dayMs;
  expect((await one.keys.current()).kid).toBe(first.kid);
  await other.files.pull();
  clock.nowMs += 60_000;
  const second = await one.keys.current();
  expect([second.kid === first.kid, (await other.keys.current()).kid]).toEqual([false, second.kid]);
});

function node(engine: Engine, clock: { readonly nowMs: number }) {
  const directory = temporaryDirectory();
  const shared = new SharedFiles(openBucket({ engine }).objects, { directory: directory.path });
  const options = { now: () => clock.nowMs, lifetimeMs: 100 * dayMs, shared };
  return {
    files: shared,
    keys: new SigningKeyFile(directory.path, options),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}
