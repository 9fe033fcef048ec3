import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../src/lib/system-error.ts";
import type { Driver } from "../../src/storage/driver.ts";
import { openFilesystem } from "../../src/storage/filesystem.ts";
import { RootHold } from "../../src/storage/root-hold.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { bytesOf, take } from "./store-access.ts";

function outcomeOf(check: () => void): unknown {
  try {
    check();
    return "in place";
  } catch (error) {
    return errorCode(error);
  }
}

test("RootHold tells whether the directory is in its place: moved away, another one there, and back", () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const [root, away] = [join(directory.path, "data"), join(directory.path, "away")];
  mkdirSync(root);
  const hold = new RootHold(root);
  const look = () => outcomeOf(() => hold.check());
  const seen = [look()];
  renameSync(root, away);
  seen.push(look());
  mkdirSync(root);
  seen.push(look());
  rmdirSync(root);
  renameSync(away, root);
  seen.push(look());
  expect(seen).toEqual(["in place", "ESTALE", "ESTALE", "in place"]);
});

test("checkLately() believes for a millisecond what it has seen, and looks again after a refusal", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const [root, away] = [join(directory.path, "data"), join(directory.path, "away")];
  mkdirSync(root);
  const hold = new RootHold(root);
  const look = () => outcomeOf(() => hold.checkLately());
  const seen = [look()];
  renameSync(root, away);
  await untilLooksCount();
  seen.push(look(), look());
  renameSync(away, root);
  seen.push(look());
  expect(seen).toEqual(["in place", "ESTALE", "ESTALE", "in place"]);
});

/** What was seen of a root counts for a millisecond. */
async function untilLooksCount(): Promise<void> {
  await Bun.sleep(3);
}

const content = "docker/registry/v2/blobs/sha256/aa/a/data";
const judged = { sizeBytes: 1, changedMs: 0, modifiedMs: 0, identity: "1", isDamaged: false };

const calls: Record<string, (driver: Driver) => Promise<unknown>> = {
  stat: (driver) => driver.objects.stat("docker/a"),
  read: (driver) => driver.objects.read("docker/a", 10),
  write: (driver) => driver.objects.put("docker/b", bytesOf("x")),
  touch: (driver) => driver.objects.renew("docker/a"),
  delete: (driver) => driver.objects.delete("docker/a"),
  list: (driver) => driver.objects.list("docker"),
  exists: (driver) => driver.directory.prefixTime("docker"),
  makePrefix: (driver) => driver.directory.makePrefix("docker/c"),
  lock: (driver) => driver.changes.adding("name", { waitMs: 10_000 }),
  holdWork: (driver) => driver.changes.hold("gc", "note"),
  setAside: (driver) => driver.garbage.setAside(content, judged),
  listTrash: (driver) => driver.garbage.list(),
  restore: (driver) => driver.garbage.restore(content),
  tidy: (driver) => driver.garbage.tidy(),
  createUpload: (driver) => driver.uploads.create("docker/u/data", {}),
  openUpload: (driver) => driver.uploads.open("docker/u/data", { waitMs: 0, preempted: new AbortController() }),
  sweepTemporary: (driver) => driver.directory.sweepTemporary(0),
  transfer: (driver) => driver.transfers.open("proxy/t"),
};

describe("a driver whose root another directory took the place of", () => {
  test.each(Object.keys(calls))("%s() is refused at once and leaves nothing there", async (name) => {
    using directory = temporaryDirectory({ isInMemory: true });
    const root = join(directory.path, "data");
    const { driver } = await openFilesystem({ root, isDurable: true });
    await driver.objects.put("docker/a", bytesOf("kept"));
    await untilLooksCount();
    renameSync(root, join(directory.path, "away"));
    mkdirSync(root);
    const code = await calls[name]?.(driver).catch(errorCode);
    const there = readdirSync(root);
    rmdirSync(root);
    renameSync(join(directory.path, "away"), root);
    expect([code, there, await take(driver, "docker/a")]).toEqual(["ESTALE", [], "kept"]);
  });

  test("an upload under way is not committed there", async () => {
    using directory = temporaryDirectory({ isInMemory: true });
    const root = join(directory.path, "data");
    const { driver } = await openFilesystem({ root, isDurable: true });
    await driver.uploads.create("docker/u/data", {});
    const held = await driver.uploads.open("docker/u/data", { waitMs: 0, preempted: new AbortController() });
    if (held === undefined || held === "busy") throw new Error("the upload is not to be had");
    await using upload = held;
    await upload.append([bytesOf("x")]);
    await untilLooksCount();
    renameSync(root, join(directory.path, "away"));
    mkdirSync(root);
    expect([await upload.commit("docker/blob").catch(errorCode), readdirSync(root)]).toEqual(["ESTALE", []]);
  });
});
