import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openFlock } from "../../src/storage/flock.ts";
import { enterRoot } from "../../src/storage/root-gate.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

function unprepared() {
  const directory = temporaryDirectory();
  mkdirSync(join(directory.path, "docker/registry/v2"), { recursive: true });
  return directory;
}

test("enterRoot() lets one in at a time, and names what to do where it takes too long", async () => {
  using directory = unprepared();
  const enter = () => enterRoot(openFlock(), directory.path, { waitMs: 0 });
  const first = await enter();
  await expect(enter()).rejects.toThrow(`\`fuser ${directory.path}\` shows which`);
  first?.[Symbol.dispose]();
  using second = await enter();
  expect(second).toBeDefined();
});

test("enterRoot() waits for whoever is there", async () => {
  using directory = unprepared();
  const first = await enterRoot(openFlock(), directory.path, { waitMs: 0 });
  const entering = enterRoot(openFlock(), directory.path, { waitMs: 10_000 });
  first?.[Symbol.dispose]();
  using second = await entering;
  expect(second).toBeDefined();
});

test("enterRoot() is undefined where directories cannot be locked", async () => {
  using directory = unprepared();
  expect(await enterRoot({ tryLock: () => false }, directory.path, { waitMs: 60_000 })).toBeUndefined();
});
