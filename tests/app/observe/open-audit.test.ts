import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { noteLoginIn, openAudit, withAudit } from "../../../src/app/observe/open-audit.ts";
import { StartError } from "../../../src/app/start-error.ts";
import type { AuditLog } from "../../../src/log/audit-log.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { digestOf, named, pushImage, stocked, tagged } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

async function open(path: string): Promise<AuditLog> {
  const log = await openAudit(path, surroundings().means);
  if (log === undefined) throw new TypeError(path);
  return log;
}

function surroundings() {
  const [printed, logged]: [string[], string[]] = [[], []];
  const write = (line: string) => void logged.push(line);
  const logger = createLogger({ level: "info", format: "text", write, now: Date.now });
  return { printed, logged, means: { logger, now: Date.now, print: (text: string) => void printed.push(text) } };
}

function linesOf(path: string): readonly { readonly event: string }[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function eventsIn(path: string): readonly string[] {
  return linesOf(path).map(({ event }) => event);
}

describe("openAudit()", () => {
  test("appends to a file that only its owner reads, also when another log of it is open", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "audit.log");
    const logs = [await open(path), await open(path)];
    for (const [index, log] of [...logs, ...logs].entries()) await log.record({ event: String(index) });
    expect([eventsIn(path), statSync(path).mode & 0o777]).toEqual([["0", "1", "2", "3"], 0o600]);
  });

  test("begins a new file when the old one is moved away", async () => {
    using directory = temporaryDirectory();
    const [path, old] = [join(directory.path, "audit.log"), join(directory.path, "audit.log.1")];
    const log = await open(path);
    await log.record({ event: "before" });
    renameSync(path, old);
    await log.record({ event: "after" });
    expect([eventsIn(old), eventsIn(path)]).toEqual([["before"], ["after"]]);
  });

  test("writes to standard output", async () => {
    const { printed, means } = surroundings();
    const log = await openAudit("stdout", means);
    await log?.record({ event: "login" });
    expect(JSON.parse(printed.join(""))).toMatchObject({ event: "login" });
  });

  test.each(["missing/audit.log", "directory"])("refuses %s with a sentence", async (name) => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, "directory"));
    const opening = openAudit(join(directory.path, name), surroundings().means);
    expect(await opening.catch((error) => error)).toBeInstanceOf(StartError);
  });

  test("logs an error when the file can no longer be written", async () => {
    using directory = temporaryDirectory();
    const inner = join(directory.path, "inner");
    mkdirSync(inner);
    const { logged, means } = surroundings();
    const log = await openAudit(join(inner, "audit.log"), means);
    renameSync(inner, join(directory.path, "gone"));
    await log?.record({ event: "lost" });
    expect(logged.join("")).toContain("the audit log cannot be written");
  });
});

test("withAudit() records what is done to a repository, by whom", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "audit.log");
  const stock = stocked();
  const registry = withAudit(stock.registry, await openAudit(path, surroundings().means));
  const actor = { name: "alice", requestId: "r-1", remote: "192.0.2.1" };
  const { manifests, tags, blobs } = registry.repository(named("team/app"), actor);
  const first = await pushImage(stock, "team/app", { tag: "1", layers: ["a"] });
  const second = await pushImage(stock, "team/app", { layers: ["b"] });
  const { bytes, mediaType, sizeBytes } = await manifests.get({ kind: "digest", digest: second });
  const put = { bytes, contentType: undefined, digest: undefined };
  await manifests.put({ ...put, tags: [tagged("1"), tagged("2")] });
  await manifests.put({ ...put, tags: [tagged("1")] });
  await tags.delete(tagged("1"));
  await manifests.delete(second);
  const blob = digestOf("b");
  await blobs.delete(blob);
  const common = { user: "alice", remote: "192.0.2.1", request: "r-1", repository: "team/app" };
  const time = expect.any(String);
  const pushed = { event: "manifest pushed", digest: second, mediaType, sizeBytes };
  expect<readonly unknown[]>(linesOf(path)).toEqual([
    { time, ...common, ...pushed, tags: ["1", "2"], moved: [`1 from ${first}`] },
    { time, ...common, ...pushed, tags: ["1"] },
    { time, ...common, event: "tag deleted", tags: ["1"], digest: second },
    { time, ...common, event: "manifest deleted", tags: ["2"], digest: second },
    { time, ...common, event: "blob deleted", digest: blob },
  ]);
});

test("without an audit log the registry stays as it is", async () => {
  const { registry } = stocked();
  expect(withAudit(registry, await openAudit(undefined, surroundings().means))).toBe(registry);
});

test("noteLoginIn() records logins, and why others failed", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "audit.log");
  const note = noteLoginIn(await open(path));
  await note?.({ name: "alice", remote: "192.0.2.1", problem: undefined });
  await note?.({ name: "bob", remote: "192.0.2.2", problem: "no such user" });
  const time = expect.any(String);
  expect<readonly unknown[]>(linesOf(path)).toEqual([
    { time, event: "login", user: "alice", remote: "192.0.2.1" },
    { time, event: "login failed", user: "bob", remote: "192.0.2.2", problem: "no such user" },
  ]);
  expect(noteLoginIn(undefined)).toBeUndefined();
});
