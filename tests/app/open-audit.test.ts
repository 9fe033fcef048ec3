import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { describeEvent, openAudit } from "../../src/app/open-audit.ts";
import { StartError } from "../../src/app/start-error.ts";
import { createLogger } from "../../src/log/logger.ts";
import type { Deed } from "../../src/registry/events.ts";
import { digestOf, named, tagged } from "../registry/stocked.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

function surroundings() {
  const [printed, logged]: [string[], string[]] = [[], []];
  const write = (line: string) => void logged.push(line);
  const logger = createLogger({ level: "info", format: "text", write, now: Date.now });
  return { printed, logged, means: { logger, now: Date.now, print: (text: string) => void printed.push(text) } };
}

function eventsIn(path: string): readonly string[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).event);
}

describe("openAudit()", () => {
  test("appends to a file that only its owner reads, also when another log of it is open", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "audit.log");
    const logs = [await openAudit(path, surroundings().means), await openAudit(path, surroundings().means)];
    for (const [index, log] of [...logs, ...logs].entries()) await log.record({ event: String(index) });
    expect([eventsIn(path), statSync(path).mode & 0o777]).toEqual([["0", "1", "2", "3"], 0o600]);
  });

  test("begins a new file when the old one is moved away", async () => {
    using directory = temporaryDirectory();
    const [path, old] = [join(directory.path, "audit.log"), join(directory.path, "audit.log.1")];
    const log = await openAudit(path, surroundings().means);
    await log.record({ event: "before" });
    renameSync(path, old);
    await log.record({ event: "after" });
    expect([eventsIn(old), eventsIn(path)]).toEqual([["before"], ["after"]]);
  });

  test("writes to standard output", async () => {
    const { printed, means } = surroundings();
    const log = await openAudit("stdout", means);
    await log.record({ event: "login" });
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
    await log.record({ event: "lost" });
    expect(logged.join("")).toContain("the audit log cannot be written");
  });
});

const digest = digestOf("x");
const facts = { digest, mediaType: "application/x", sizeBytes: 1 };
const pushed = { kind: "manifest pushed", ...facts, subject: undefined, isNew: true } as const;

test.each<[Deed, object]>([
  [
    { ...pushed, tags: [{ tag: tagged("1"), previous: undefined }] },
    { event: "manifest pushed", digest, mediaType: "application/x", sizeBytes: 1, tags: ["1"] },
  ],
  [
    {
      ...pushed,
      tags: [
        { tag: tagged("1"), previous: digestOf("y") },
        { tag: tagged("2"), previous: digest },
      ],
    },
    { event: "manifest pushed", tags: ["1", "2"], moved: [`1 from ${digestOf("y")}`] },
  ],
  [
    { kind: "tag deleted", tag: tagged("1"), digest },
    { event: "tag deleted", tags: ["1"], digest },
  ],
  [
    { kind: "manifest deleted", digest, facts: undefined, tags: [tagged("1")] },
    { event: "manifest deleted", tags: ["1"], digest },
  ],
  [
    { kind: "blob deleted", digest },
    { event: "blob deleted", digest },
  ],
])("describeEvent() of %j", (deed, want) => {
  const actor = { name: "alice", requestId: "r-1", remote: "192.0.2.1" };
  expect(describeEvent({ actor, repository: named("team/app"), deed })).toMatchObject({
    user: "alice",
    request: "r-1",
    remote: "192.0.2.1",
    repository: "team/app",
    ...want,
  });
});
