import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApiTokenFiles } from "../../../src/app/access/api-token-files.ts";
import { type ChangeText, SharedFiles } from "../../../src/app/store/shared-files.ts";
import { type ApiToken, createSecret } from "../../../src/auth/api-tokens.ts";
import { openBucket } from "../../storage/s3/bucket.ts";
import type { Engine } from "../../storage/s3/engine.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const startMs = 1_800_000_000_000;
const hourMs = 3_600_000;
const token: ApiToken = {
  name: "ci",
  repositories: ["team/**"],
  actions: ["pull"],
  createdMs: startMs,
  expiresMs: startMs + 10 * hourMs,
};

/** Two processes on one store, and their clock. */
function twoProcesses() {
  const directory = temporaryDirectory();
  const clock = { nowMs: startMs };
  const open = () => new ApiTokenFiles(directory.path, { now: () => clock.nowMs });
  const secret = createSecret(randomBytes);
  return {
    path: directory.path,
    clock,
    one: open(),
    other: open(),
    secret,
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

test("a token that one process made is good in the other at once, and no longer when it was revoked", async () => {
  using store = twoProcesses();
  const { one, other, secret } = store;
  const before = other.find(secret);
  expect(await one.add(secret, token)).toBe(true);
  const made = other.find(secret);
  expect(await one.revoke("ci")).toBe(true);
  expect([before, made, other.find(secret), other.list()]).toEqual([undefined, token, undefined, []]);
});

test("nobody but the owner can read a token, and its secret is stored nowhere", async () => {
  using store = twoProcesses();
  const { one, secret, path } = store;
  await one.add(secret, token);
  one.find(secret);
  const directory = join(path, "auth/tokens");
  const names = readdirSync(directory);
  const modes = [join(path, "auth"), directory, ...names.map((name) => join(directory, name))].map(
    (place) => statSync(place).mode & 0o777,
  );
  expect(modes).toEqual([0o700, 0o700, ...names.map(() => 0o600)]);
  const texts = names.map((name) => `${name} ${readFileSync(join(directory, name), "utf8")}`);
  expect(texts.join("\n")).not.toContain(secret.slice(4, 20));
});

test("a token ends when it expires", async () => {
  using store = twoProcesses();
  await store.one.add(store.secret, token);
  store.clock.nowMs = startMs + 10 * hourMs;
  expect([store.one.find(store.secret), store.one.list()[0]?.name]).toEqual([undefined, "ci"]);
});

test("the last use is noted, at most once an hour", async () => {
  using store = twoProcesses();
  const { one, other, secret, clock } = store;
  await one.add(secret, token);
  const lastUsed = [one.list()[0]?.lastUsedMs];
  for (const afterMs of [0, hourMs - 1, hourMs]) {
    clock.nowMs = startMs + afterMs;
    one.find(secret);
    lastUsed.push(other.list()[0]?.lastUsedMs);
  }
  expect(lastUsed).toEqual([undefined, startMs, startMs, startMs + hourMs]);
});

test("a use that cannot be noted is a use all the same", async () => {
  using store = twoProcesses();
  await store.one.add(store.secret, token);
  const [file = ""] = readdirSync(join(store.path, "auth/tokens"));
  const used = join(store.path, "auth/tokens", file.replace(".json", ".used"));
  mkdirSync(used);
  expect(store.one.find(store.secret)).toEqual(token);
  rmSync(used, { recursive: true });
});

test("a name is given once, and tokens are listed by their names", async () => {
  using store = twoProcesses();
  const { one, secret } = store;
  const add = (name: string) => one.add(createSecret(randomBytes), { ...token, name });
  await one.add(secret, token);
  expect([await add("ci"), await add("build"), await add("zoo")]).toEqual([false, true, true]);
  expect(one.list().map(({ name }) => name)).toEqual(["build", "ci", "zoo"]);
});

test("what is no token, or nobody's, is found nowhere", async () => {
  using store = twoProcesses();
  const { one, secret, path } = store;
  expect([one.find("../../../etc/passwd"), one.find(secret), await one.revoke("ci")]).toEqual([
    undefined,
    undefined,
    false,
  ]);
  await one.add(secret, token);
  const [file = ""] = readdirSync(join(path, "auth/tokens"));
  writeFileSync(join(path, "auth/tokens", file), "{");
  writeFileSync(join(path, "auth/tokens/notes.txt"), "");
  expect([one.find(secret), one.list()]).toEqual([undefined, []]);
});

test("of two tokens of one name that are made at once, one wins", async () => {
  using store = twoProcesses();
  const { one, other } = store;
  const made = await Promise.all([one, other, one, other].map((files) => files.add(createSecret(randomBytes), token)));
  expect([made.filter(Boolean).length, one.list().length]).toEqual([1, 1]);
});

test("a token that was made on one node is good on every other one with its next look, until it was revoked", async () => {
  const { engine } = openBucket();
  using one = node(engine);
  using other = node(engine);
  const secret = createSecret(randomBytes);
  expect(await one.tokens.add(secret, token)).toBe(true);
  await other.files.pull();
  const made = other.tokens.find(secret);
  expect(await other.tokens.revoke("ci")).toBe(true);
  await one.files.pull();
  expect([made, one.tokens.find(secret), other.tokens.find(secret)]).toEqual([token, undefined, undefined]);
});

test("a token whose copy a server of the same node brings first was made all the same", async () => {
  const { engine } = openBucket();
  using one = node(engine);
  const shared = {
    update: async (name: string, change: ChangeText) => {
      const text = await one.files.update(name, change);
      await one.files.pull();
      return text;
    },
    remove: (name: string) => one.files.remove(name),
  };
  const tokens = new ApiTokenFiles(one.path, { now: () => startMs, shared });
  const secret = createSecret(randomBytes);
  expect([await tokens.add(secret, token), tokens.find(secret)]).toEqual([true, token]);
});

function node(engine: Engine) {
  const directory = temporaryDirectory();
  const files = new SharedFiles(openBucket({ engine }).objects, { directory: directory.path });
  const tokens = new ApiTokenFiles(directory.path, { now: () => startMs, shared: files });
  return { path: directory.path, files, tokens, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}
