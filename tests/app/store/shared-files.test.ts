import { expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepPulling, SharedFiles } from "../../../src/app/store/shared-files.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { openBucket } from "../../storage/s3/bucket.ts";
import type { Engine } from "../../storage/s3/engine.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const keys = "auth/signing-keys.json";
const token = `auth/tokens/${"a".repeat(64)}.json`;

function node(engine?: Engine, { isReadOnly = false } = {}) {
  const directory = temporaryDirectory();
  const bucket = openBucket(engine === undefined ? {} : { engine });
  const files = new SharedFiles(bucket.objects, { directory: directory.path, isReadOnly });
  return {
    ...bucket,
    files,
    read: (name: string) => {
      const path = join(directory.path, name);
      return existsSync(path) ? readFileSync(path, "utf8") : undefined;
    },
    path: directory.path,
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

test("what one node shares, the others have with their next pull", async () => {
  using one = node();
  using other = node(one.engine);
  expect(await one.files.update(keys, () => "first")).toBe("first");
  await other.files.pull();
  expect(other.read(keys)).toBe("first");
  expect(statSync(join(other.path, keys)).mode & 0o777).toBe(0o600);
  await one.files.update(keys, (text) => `${text} and second`);
  await other.files.pull();
  expect(other.read(keys)).toBe("first and second");
});

test("of several nodes that change a text at once, each sees what the one before it did", async () => {
  using one = node();
  using other = node(one.engine);
  const add = (letter: string) => (text: string | undefined) => `${text ?? ""}${letter}`;
  await Promise.all([one, other, one, other].map(({ files }, index) => files.update(keys, add(`${index}`))));
  const text = await one.files.update(keys, () => undefined);
  expect([...text].sort().join("")).toBe("0123");
});

test("what is removed goes from every node, and nothing else does", async () => {
  using one = node();
  using other = node(one.engine);
  await one.files.update(token, () => "{}");
  await one.files.update(keys, () => "keys");
  await other.files.pull();
  writeFileSync(join(other.path, token.replace("json", "used")), "");
  await one.files.remove(token);
  await other.files.pull();
  expect([other.read(token), other.read(token.replace("json", "used")), other.read(keys)]).toEqual([
    undefined,
    "",
    "keys",
  ]);
});

test("what does not change is not read again", async () => {
  using one = node();
  await one.files.update(keys, () => "keys");
  await one.files.pull();
  writeFileSync(join(one.path, keys), "kept");
  await one.files.pull();
  expect(one.read(keys)).toBe("kept");
});

test("a copy that somebody has taken away comes again", async () => {
  using one = node();
  await one.files.update(keys, () => "keys");
  await one.files.pull();
  rmSync(join(one.path, keys));
  await one.files.pull();
  expect(one.read(keys)).toBe("keys");
});

test("other objects below the prefix get no copies", async () => {
  using one = node();
  await one.objects.put("auth/tokens/../../x.json", new Uint8Array(1));
  await one.objects.put("auth/other", new Uint8Array(1));
  await one.files.pull();
  expect(existsSync(join(one.path, "auth/other"))).toBe(false);
});

test("a node that only reads has what the bucket does not take for itself", async () => {
  using one = node(undefined, { isReadOnly: true });
  using writing = node(one.engine);
  one.engine.fault = ({ method }) =>
    method === "PUT" ? { kind: "refused", status: 403, code: "AccessDenied" } : undefined;
  await expect(writing.files.update(keys, () => "keys")).rejects.toThrow("403 AccessDenied");
  expect(await one.files.update(keys, () => "keys")).toBe("keys");
  await one.files.pull();
  writeFileSync(join(one.path, keys), "keys");
  await one.files.pull();
  expect(one.read(keys)).toBe("keys");
});

test("a node that only reads makes no API token, which no other process would know", async () => {
  using one = node(undefined, { isReadOnly: true });
  one.engine.fault = ({ method }) =>
    method === "PUT" ? { kind: "refused", status: 403, code: "AccessDenied" } : undefined;
  await expect(one.files.update(token, () => "{}")).rejects.toThrow("403 AccessDenied");
});

test("a text that is to be nothing is refused", async () => {
  using one = node();
  expect(one.files.update(keys, () => undefined)).rejects.toThrow("nothing is to be in auth/signing-keys.json");
});

test("a running server takes over what changes, and says once that it cannot", async () => {
  using one = node();
  using other = node(one.engine);
  const lines: string[] = [];
  const logger = createLogger({ level: "info", format: "text", write: (line) => void lines.push(line), now: Date.now });
  using _pulling = keepPulling(other.files, logger, { everyMs: 1 });
  await one.files.update(keys, () => "first");
  while (other.read(keys) === undefined) await Bun.sleep(1);
  one.engine.fault = () => ({ kind: "refused", status: 403, code: "AccessDenied" });
  while (lines.length === 0) await Bun.sleep(1);
  one.engine.fault = () => undefined;
  while (lines.length === 1) await Bun.sleep(1);
  expect(lines.map((line) => line.replace(/.*msg=/, ""))).toEqual([
    expect.stringContaining("cannot be read from the bucket; those of before stay"),
    expect.stringContaining("are read from the bucket again"),
  ]);
});
