// A collector in a process of its own meets pushes, pulls and other collectors at the worst moment: one of them stands
// still at a named call, the others act, it goes on.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { digestOf, postBlob, refusalOf, withDigest } from "../e2e/image.ts";
import { requireProgram, requireRoot } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { Client } from "./client.ts";
import { collect, collectUntil, removeCollectorsLock } from "./collector.ts";
import { findBrokenInvariants } from "./directory-check.ts";
import { Expectations } from "./expectations.ts";
import { plainArgs } from "./killed-run.ts";
import { makeBytes, makeImage, pushMade } from "./made-image.ts";
import { findDifferences } from "./outcome.ts";
import { standAt, waitAtLock } from "./pair.ts";

const canTrace = [requireRoot(), requireProgram("strace", "strace")].every(Boolean);
const name = "team/app";
const image = makeImage();
const bytes = image.layer;
const digest = digestOf(bytes);
const unneeded = makeBytes(100);
const hex = digest.slice("sha256:".length);
const blobDirectory = `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}`;
const linkPath = `docker/registry/v2/repositories/${name}/_layers/sha256/${hex}/link`;

/** A registry with one kept image, and what was acknowledged of it. */
interface Scene extends AsyncDisposable {
  readonly data: string;
  readonly registry: StartedRegistry;
  readonly client: Client;
  readonly seen: Expectations;
}

async function openScene(): Promise<Scene> {
  const directory = temporaryDirectory();
  const registry = await startRegistry({ data: directory.path, args: plainArgs });
  const seen = new Expectations();
  const client = new Client(registry, seen);
  await pushMade(client, name, { image: makeImage(), tag: "kept" });
  return {
    data: directory.path,
    registry,
    client,
    seen,
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

/** A blob that nobody links: in its place, or already in the trash. */
async function leaveBlob({ data, client }: Scene, where: "in place" | "in the trash"): Promise<void> {
  await client.pushBlob("elsewhere", bytes);
  await client.deleteBlob("elsewhere", digest);
  if (where === "in the trash") expect((await collect(data)).summary).toMatchObject({ trashed: 1 });
}

/** A blob that its repository links and no manifest names: a collector takes the link, so nobody may rely on it. */
async function leaveLink({ registry }: Scene): Promise<void> {
  expect((await postBlob(registry, name, bytes)).status).toBe(201);
}

function trashEntries(data: string): readonly string[] {
  return readdirSync(join(data, "trash/blobs/sha256", hex.slice(0, 2))).filter((entry) => entry.startsWith(hex));
}

/** What was acknowledged is there, and the directory is in order. */
async function expectWhole({ registry, seen, data }: Scene): Promise<void> {
  expect([...(await findDifferences(registry, seen)), ...findBrokenInvariants(data)]).toEqual([]);
}

/** Before the collector moves the blob: it has looked at it, to judge it. */
const hasJudged = { isPoint: new RegExp(`^statx\\(.*${blobDirectory}/data"`), calls: "statx" };
/** Before it destroys the entry: it has looked at it in the trash. */
const isAboutToPurge = { isPoint: new RegExp(`^statx\\(.*/trash/blobs/sha256/.*/${hex}\\..*NOFOLLOW`), calls: "statx" };
/** It lists the blobs. */
const hasReadLinks = { isPoint: /^openat\(.*\/v2\/blobs", .*O_DIRECTORY/, calls: "openat" };
const hasListedTrash = { isPoint: /^openat\(.*\/v2\/repositories", .*O_DIRECTORY/, calls: "openat" };
/** The lock of the repository, which lies in a file that is called by a hash of its name. */
const stripe = digestOf(new TextEncoder().encode(name)).slice("sha256:".length, "sha256:".length + 2);
const isLockedAlone = {
  isPoint: new RegExp(`^flock\\(.*/locks/${stripe}>, LOCK_EX\\|LOCK_NB\\) = 0`),
  calls: "flock",
};

describe.skipIf(!canTrace)("a collector that stands still", () => {
  test("before it moves a blob: a push of the blob is whole, also after the move", async () => {
    await using scene = await openScene();
    await leaveBlob(scene, "in place");
    await using collector = await collectUntil(scene.data, hasJudged);
    await scene.client.pushBlob(name, bytes);
    expect((await collector.goOn()).summary).toMatchObject({ trashed: 0, condemned: 1 });
    expect([trashEntries(scene.data), existsSync(join(scene.data, blobDirectory, "data"))]).toEqual([[], true]);
    await expectWhole(scene);
  });

  test("before it moves a blob: a mount of the blob is whole", async () => {
    await using scene = await openScene();
    await leaveBlob(scene, "in place");
    await using collector = await collectUntil(scene.data, hasJudged);
    const mounted = await scene.registry.fetch(`/v2/${name}/blobs/uploads/?mount=${digest}`, { method: "POST" });
    expect(mounted.status).toBe(201);
    scene.seen.blobs.answered(`${name}@${digest}` as `${string}@sha256:${string}`, true);
    await collector.goOn();
    await expectWhole(scene);
  });

  test("when it has moved a blob and not yet looked at it: who needs it brings it back, and it may be killed", async () => {
    await using scene = await openScene();
    await leaveBlob(scene, "in place");
    await using collector = await collectUntil(scene.data, {
      isPoint: new RegExp(`^rename\\(.*/trash/blobs/.*${hex}`),
    });
    link(scene.data);
    expect((await scene.registry.fetch(`/v2/${name}/blobs/${digest}`, { method: "HEAD" })).status).toBe(200);
    await collector.kill();
    expect(trashEntries(scene.data)).toEqual([]);
    await expectWhole(scene);
  });

  test("between its list of the trash and the links: what is pushed then is kept", async () => {
    await using scene = await openScene();
    await leaveBlob(scene, "in the trash");
    await using collector = await collectUntil(scene.data, hasListedTrash);
    await pushMade(scene.client, name, { image, tag: "new" });
    expect((await collector.goOn()).summary).toMatchObject({ purged: 1, restored: 0, trashed: 0 });
    await expectWhole(scene);
  });

  test("before it destroys an entry that is brought back and thrown away again: only the name that it listed goes", async () => {
    await using scene = await openScene();
    await leaveBlob(scene, "in the trash");
    await using collector = await collectUntil(scene.data, isAboutToPurge);
    link(scene.data);
    expect((await scene.registry.fetch(`/v2/${name}/blobs/${digest}`, { method: "HEAD" })).status).toBe(200);
    expect((await scene.registry.fetch(`/v2/${name}/blobs/${digest}`, { method: "DELETE" })).status).toBe(202);
    removeCollectorsLock(scene.data);
    expect((await collect(scene.data)).summary).toMatchObject({ trashed: 1 });
    link(scene.data);
    expect((await collector.goOn()).code).toBe(0);
    const again = await scene.registry.fetch(`/v2/${name}/blobs/${digest}`);
    expect([again.status, digestOf(await again.bytes())]).toEqual([200, digest]);
  });

  test("inside the lock of a repository: a push waits, pulls go on", async () => {
    await using scene = await openScene();
    const { registry, data } = scene;
    await leaveLink(scene);
    await using collector = await collectUntil(data, isLockedAlone);
    const push = await waitAtLock(registry, () => postBlob(registry, name, makeBytes(100)));
    await expectWhole(scene);
    expect((await collector.goOn()).summary).toMatchObject({ layerLinks: 1, busy: 0 });
    expect((await push.answer).status).toBe(201);
  });

  test("inside the lock of a repository for longer: a push is told to come again", async () => {
    await using scene = await openScene();
    const { registry, data } = scene;
    await leaveLink(scene);
    await using _collector = await collectUntil(data, isLockedAlone);
    const push = await waitAtLock(registry, () => postBlob(registry, name, makeBytes(100)));
    const refused = await push.answer;
    expect([refused.headers.has("retry-after"), await refusalOf(refused)]).toEqual([
      true,
      { status: 503, code: "UNAVAILABLE" },
    ]);
  });

  test("for longer than the grace, when it has read the links: what was linked meanwhile stays, the rest goes", async () => {
    await using scene = await openScene();
    const { registry, data } = scene;
    await leaveBlob(scene, "in place");
    await scene.client.pushBlob("elsewhere", unneeded);
    await scene.client.deleteBlob("elsewhere", digestOf(unneeded));
    const graceMs = 1000;
    // Time is what this is about: the blobs have to be older than the grace, and the collector then stands for as long.
    await Bun.sleep(graceMs);
    await using collector = await collectUntil(data, { ...hasReadLinks, grace: `${graceMs}ms` });
    const mount = await registry.fetch(`/v2/${name}/blobs/uploads/?mount=${digest}`, { method: "POST" });
    await Bun.sleep(graceMs);
    expect(await collector.goOn()).toMatchObject({ code: 0, summary: { condemned: 1, trashed: 1, findings: 0 } });
    expect([mount.status, existsSync(join(data, blobDirectory, "data"))]).toEqual([201, true]);
  });

  test("keeps another one out, which says who is at work; without their lock neither harms the other", async () => {
    await using scene = await openScene();
    await leaveBlob(scene, "in place");
    await using collector = await collectUntil(scene.data, hasJudged);
    const kept = await collect(scene.data);
    expect([kept.code, kept.stderr.includes(`process ${collector.pid} on `)]).toEqual([1, true]);
    removeCollectorsLock(scene.data);
    expect((await collect(scene.data)).summary).toMatchObject({ trashed: 1, purged: 0 });
    expect((await collect(scene.data)).summary).toMatchObject({ trashed: 0, purged: 1 });
    expect(await collector.goOn()).toMatchObject({ code: 0, summary: { trashed: 0, purged: 0 } });
    await expectWhole(scene);
  });
});

describe.skipIf(!canTrace)("a collector that meets a push that stands still", () => {
  test("before the link of its blob: the push brings the blob back", async () => {
    await using scene = await openScene();
    const { registry, data, seen } = scene;
    const isPoint = new RegExp(`^rename\\(.*${blobDirectory}/data"\\) = 0`);
    await using push = await standAt(registry, () => postBlob(registry, name, bytes), { isPoint });
    expect((await collect(data)).summary).toMatchObject({ trashed: 1 });
    expect((await push.goOn()).status).toBe(201);
    seen.blobs.answered(`${name}@${digest}` as `${string}@sha256:${string}`, true);
    await expectWhole(scene);
  });

  test("before the link of its blob, twice: the push is refused, and succeeds when it is repeated", async () => {
    await using scene = await openScene();
    const { registry, data, client } = scene;
    const isPoint = new RegExp(`^rename\\(.*${blobDirectory}/data"\\) = 0`);
    await using push = await standAt(registry, () => postBlob(registry, name, bytes), { isPoint });
    await collect(data);
    expect((await collect(data)).summary).toMatchObject({ purged: 1 });
    const refused = await push.goOn();
    expect([refused.headers.has("retry-after"), await refusalOf(refused)]).toEqual([
      true,
      { status: 503, code: "UNAVAILABLE" },
    ]);
    await client.pushBlob(name, bytes);
    await expectWhole(scene);
  });

  test("before its revision link: the collector leaves the repository alone", async () => {
    await using scene = await openScene();
    const { registry, data, client, seen } = scene;
    for (const blob of [image.config, image.layer]) await client.pushBlob(name, blob);
    const { digest: pushed, mediaType, bytes: body } = image.manifest;
    const headers = { "Content-Type": mediaType };
    const put = () => registry.fetch(`/v2/${name}/manifests/new`, { method: "PUT", headers, body });
    const isPoint = new RegExp(`^rename\\(.*${pushed.slice("sha256:".length)}/data"\\) = 0`);
    await using push = await standAt(registry, put, { isPoint });
    const { summary } = await collect(data, { deletesUntagged: true });
    expect(summary).toMatchObject({ busy: 1, layerLinks: 0, revisions: 0 });
    expect((await push.goOn()).status).toBe(201);
    seen.tags.answered(`${name}:new`, pushed);
    await expectWhole(scene);
  });

  test("in an upload that goes on: its session and its bytes stay", async () => {
    await using scene = await openScene();
    const { registry, data, client } = scene;
    const location = await client.beginUpload(name, bytes);
    const first = await registry.fetch(location, { method: "PATCH", body: bytes.slice(0, 1000) });
    await collect(data, { deletesUntagged: true });
    const rest = { method: "PUT", body: bytes.slice(1000) };
    const end = await registry.fetch(withDigest(first.headers.get("location") ?? "", digest), rest);
    expect([first.status, end.status]).toEqual([202, 201]);
  });
});

/** A link as a push makes it, by hand: of a push that died before it looked for the blob. */
function link(data: string): void {
  mkdirSync(dirname(join(data, linkPath)), { recursive: true });
  writeFileSync(join(data, linkPath), digest);
}
