// Two processes on one directory meet at the worst moment: one stands still at a named call, the other acts, the first
// goes on.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { StartedRegistry } from "../e2e/executable.ts";
import { digestOf, refusalOf, withDigest } from "../e2e/image.ts";
import { requireProgram, requireRoot } from "../e2e/program.ts";
import { Client, type PushedManifest } from "./client.ts";
import { type Content, Expectations } from "./expectations.ts";
import { makeBytes, makeImage, makeIndex, pushMade } from "./made-image.ts";
import { expectAgreement, standAt, startPair, waitAtLock } from "./pair.ts";
import { changingCalls } from "./stepper.ts";

const canTrace = [requireRoot(), requireProgram("strace", "strace")].every(Boolean);
const name = "team/app";
const manifestsPath = `/v2/${name}/manifests`;
/** The main lock of a repository, taken by who takes away. */
const isLockedAlone = /^flock\(.*\/locks\/[0-9a-f]{2}>, LOCK_EX\|LOCK_NB\) = 0/;
const isIndexed = /^rename\(.*\/tags\/.*\/index\/.*\/link"\) = 0/;

function put(registry: StartedRegistry, manifest: PushedManifest, reference: string, repository = name) {
  return registry.fetch(`/v2/${repository}/manifests/${reference}`, {
    method: "PUT",
    headers: { "Content-Type": manifest.mediaType },
    body: manifest.bytes,
  });
}

function remove(registry: StartedRegistry, reference: string, repository = name) {
  return registry.fetch(`/v2/${repository}/manifests/${reference}`, { method: "DELETE" });
}

describe.skipIf(!canTrace)("a push and a delete in one repository", () => {
  test("a delete of the manifest waits for the push that is about to tag it, and then takes the tag too", async () => {
    await using pair = await startPair();
    const { first, second, client, seen } = pair;
    const image = makeImage();
    await pushMade(client, name, { image });
    const { digest } = image.manifest;
    await using pushing = await standAt(first, () => put(first, image.manifest, "latest"), { isPoint: isIndexed });
    const deletion = await waitAtLock(second, () => remove(second, digest));
    const [pushed, deleted] = await Promise.all([pushing.goOn(), deletion.answer]);
    expect([pushed.status, deleted.status]).toEqual([201, 202]);
    seen.manifests.answered(`${name}@${digest}` as Content, false);
    seen.tags.answered(`${name}:latest`, undefined);
    await expectAgreement(pair);
  });

  test("a delete behind a push that stands still is refused after a while, and pulls go on", async () => {
    await using pair = await startPair();
    const { first, second, client } = pair;
    const image = makeImage();
    await pushMade(client, name, { image, tag: "1" });
    await using pushing = await standAt(first, () => put(first, image.manifest, "2"), { isPoint: isIndexed });
    const deletion = await waitAtLock(second, () => remove(second, image.manifest.digest));
    expect((await second.fetch(`${manifestsPath}/1`)).status).toBe(200);
    const refused = await deletion.answer;
    expect([refused.headers.has("retry-after"), await refusalOf(refused)]).toEqual([
      true,
      { status: 503, code: "UNAVAILABLE" },
    ]);
    expect((await pushing.goOn()).status).toBe(201);
    pair.seen.tags.answered(`${name}:2`, image.manifest.digest);
    await expectAgreement(pair);
  });

  test("a tag that moves away from a manifest under deletion waits, and is not deleted", async () => {
    await using pair = await startPair();
    const { first, second, client, seen } = pair;
    const [old, next] = [makeImage(), makeImage()];
    await pushMade(client, name, { image: old, tag: "latest" });
    await pushMade(client, name, { image: next });
    const calls = `${changingCalls},flock`;
    await using deleting = await standAt(first, () => remove(first, old.manifest.digest), {
      isPoint: isLockedAlone,
      calls,
    });
    const move = await waitAtLock(second, () => put(second, next.manifest, "latest"));
    const [deleted, moved] = await Promise.all([deleting.goOn(), move.answer]);
    expect([deleted.status, moved.status]).toEqual([202, 201]);
    seen.manifests.answered(`${name}@${old.manifest.digest}` as Content, false);
    seen.tags.answered(`${name}:latest`, next.manifest.digest);
    await expectAgreement(pair);
  });

  test("a delete of the manifest that a tag is leaving does not take the tag", async () => {
    await using pair = await startPair();
    const { first, second, client, seen } = pair;
    const [old, next] = [makeImage(), makeImage()];
    await pushMade(client, name, { image: old, tag: "latest" });
    await pushMade(client, name, { image: next });
    await using moving = await standAt(first, () => put(first, next.manifest, "latest"), { isPoint: isIndexed });
    const deletion = await waitAtLock(second, () => remove(second, old.manifest.digest));
    const [moved, deleted] = await Promise.all([moving.goOn(), deletion.answer]);
    expect([moved.status, deleted.status]).toEqual([201, 202]);
    seen.manifests.answered(`${name}@${old.manifest.digest}` as Content, false);
    seen.tags.answered(`${name}:latest`, next.manifest.digest);
    await expectAgreement(pair);
  });

  test("an index whose child is being deleted is refused, or deleted after it, never half there", async () => {
    await using pair = await startPair();
    const { first, second, client, seen } = pair;
    const child = makeImage();
    const index = makeIndex([child.manifest]);
    await pushMade(client, name, { image: child });
    const calls = `${changingCalls},flock`;
    await using deleting = await standAt(first, () => remove(first, child.manifest.digest), {
      isPoint: isLockedAlone,
      calls,
    });
    const push = await waitAtLock(second, () => put(second, index, "multi"));
    const [deleted, pushed] = await Promise.all([deleting.goOn(), push.answer]);
    expect([deleted.status, await refusalOf(pushed)]).toEqual([202, { status: 404, code: "MANIFEST_BLOB_UNKNOWN" }]);
    seen.manifests.answered(`${name}@${child.manifest.digest}` as Content, false);
    seen.tags.answered(`${name}:multi`, undefined);
    await expectAgreement(pair);
  });
});

describe.skipIf(!canTrace)("two writers of one upload", () => {
  const bytes = makeBytes(5000);
  const digest = digestOf(bytes);
  const isHeld = /^flock\(.*_uploads\/.*\/data>, LOCK_EX\|LOCK_NB\) = 0/;
  const calls = `${changingCalls},flock`;

  test("one that opened the file before it became a blob finds no session, and the blob keeps its bytes", async () => {
    await using pair = await startPair();
    const { first, second, client, seen } = pair;
    const location = await client.beginUpload(name, bytes);
    const end = () => first.fetch(withDigest(location, digest), { method: "PUT", body: bytes });
    await using committing = await standAt(first, end, { isPoint: isHeld, calls });
    const other = await waitAtLock(second, () => second.fetch(location, { method: "PATCH", body: makeBytes(100) }));
    const [committed, appended] = await Promise.all([committing.goOn(), other.answer]);
    expect([committed.status, await refusalOf(appended)]).toEqual([201, { status: 404, code: "BLOB_UPLOAD_UNKNOWN" }]);
    seen.blobs.answered(`${name}@${digest}` as Content, true);
    await expectAgreement(pair);
  });

  test("one that waits too long for the other is refused, and the other goes on", async () => {
    await using pair = await startPair();
    const { first, second, client, seen } = pair;
    const location = await client.beginUpload(name, bytes);
    const end = () => first.fetch(withDigest(location, digest), { method: "PUT", body: bytes });
    await using committing = await standAt(first, end, { isPoint: isHeld, calls });
    const other = await waitAtLock(second, () => second.fetch(location, { method: "PATCH", body: makeBytes(100) }));
    const refused = await other.answer;
    expect([refused.headers.has("retry-after"), await refusalOf(refused)]).toEqual([
      true,
      { status: 409, code: "BLOB_UPLOAD_INVALID" },
    ]);
    expect((await committing.goOn()).status).toBe(201);
    seen.blobs.answered(`${name}@${digest}` as Content, true);
    await expectAgreement(pair);
  });
});

describe.skipIf(!canTrace)("a repository that goes while a push comes", () => {
  const calls = `${changingCalls},statx,newfstatat`;

  test("the first push into a child meets the removal of its parent, and makes it again", async () => {
    await using pair = await startPair();
    const { first, second, data } = pair;
    const index = makeIndex([]);
    expect((await put(first, index, "1", "team")).status).toBe(201);
    const parent = join(data, "docker/registry/v2/repositories/team");
    await using deleting = await standAt(first, () => remove(first, index.digest, "team"), {
      isPoint: /rmdir\(.*_layers"\) = 0/,
    });
    const begin = () => second.fetch("/v2/team/app/blobs/uploads/", { method: "POST" });
    await using beginning = await standAt(second, begin, {
      // Next it makes the child, below a parent that is still there.
      isPoint: /^mkdir\(".*\/team\/app\/_uploads",.* = -1 ENOENT/,
      calls,
    });
    expect([(await deleting.goOn()).status, existsSync(parent)]).toEqual([202, false]);
    expect((await beginning.goOn()).status).toBe(202);
    const seen = new Expectations();
    await pushMade(new Client(second, seen), "team/app", { image: makeImage(), tag: "1" });
    await expectAgreement({ ...pair, seen });
  });

  test.each([
    // The look at the root is the last thing before its directory is made.
    ["is about to be made", /^(statx|newfstatat)\(.*"[^"]*\/registry-[^/"]+",.* = 0/],
    ["was just made", /^mkdir\(".*\/_uploads\/[^/"]+",.* = 0/],
  ])("an upload whose session %s meets the removal of the last manifest", async (_title, isPoint) => {
    await using pair = await startPair();
    const { first, second, client, data } = pair;
    const image = makeImage();
    await pushMade(client, name, { image, tag: "1" });
    await using beginning = await standAt(first, () => first.fetch(`/v2/${name}/blobs/uploads/`, { method: "POST" }), {
      isPoint,
      calls,
    });
    expect((await remove(second, image.manifest.digest)).status).toBe(202);
    expect(existsSync(join(data, "docker/registry/v2/repositories", name, "_uploads"))).toBe(false);
    const begun = await beginning.goOn();
    expect(begun.status).toBe(202);
    const bytes = makeBytes(100);
    const location = begun.headers.get("location") ?? "";
    expect((await first.fetch(withDigest(location, digestOf(bytes)), { method: "PUT", body: bytes })).status).toBe(201);
  });

  test("a manifest that comes into a child keeps its directories while the parent of a sibling goes", async () => {
    await using pair = await startPair();
    const { first, second, data } = pair;
    const [gone, coming] = [makeIndex([]), makeIndex([])];
    expect((await put(first, gone, "1", "team/gone")).status).toBe(201);
    const parent = join(data, "docker/registry/v2/repositories/team");
    await using deleting = await standAt(first, () => remove(first, gone.digest, "team/gone"), {
      isPoint: /^rmdir\(".*\/team\/gone"\) = 0/,
    });
    await using pushing = await standAt(second, () => put(second, coming, "1", "team/coming"), {
      isPoint: /^mkdir\(".*\/_layers",.* = 0/,
    });
    expect((await deleting.goOn()).status).toBe(202);
    expect((await pushing.goOn()).status).toBe(201);
    expect(readdirSync(join(parent, "coming")).sort()).toEqual(["_layers", "_manifests"]);
    const seen = new Expectations();
    seen.tags.answered("team/coming:1", coming.digest);
    await expectAgreement({ ...pair, seen });
  });
});
