// The named points of the write protocol: killed there, the restarted registry shows exactly what the point allows.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { digestOf, withDigest } from "../e2e/image.ts";
import { requireProgram, requireRoot } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { Client } from "./client.ts";
import { collect } from "./collector.ts";
import { findBrokenInvariants } from "./directory-check.ts";
import { Expectations } from "./expectations.ts";
import { plainArgs } from "./killed-run.ts";
import { makeBytes, makeImage, pushMade } from "./made-image.ts";
import { findDifferences } from "./outcome.ts";
import { stepThrough } from "./stepper.ts";

const canTrace = [requireRoot(), requireProgram("strace", "strace")].every(Boolean);
const name = "team/app";
const bytes = makeBytes(5000);
const digest = digestOf(bytes);
const blobPath = `/v2/${name}/blobs/${digest}`;
const [old, next] = [makeImage(), makeImage()];

/** Kills the program when it has made this call; the directory is given to who starts it again. */
async function killAfter(
  data: string,
  point: { readonly before?: (client: Client) => Promise<void>; readonly act: (client: Client) => Promise<unknown> },
  isPoint: RegExp,
): Promise<void> {
  await using registry = await startRegistry({ data, args: plainArgs });
  const client = new Client(registry, new Expectations());
  await point.before?.(client);
  await using stepper = await stepThrough(registry.pid);
  const act = point.act(client).then(
    () => "answered",
    () => "broken off",
  );
  const call = await stepper.stopAfter((text) => isPoint.test(text), act);
  await registry.kill();
  expect({ call: call !== undefined, act: await act }).toEqual({ call: true, act: "broken off" });
  expect(findBrokenInvariants(data)).toEqual([]);
}

async function statusOf(registry: StartedRegistry, path: string, init?: RequestInit): Promise<number> {
  return (await registry.fetch(path, init)).status;
}

/** What a tag shows: the digest by GET, and whether it is listed. */
async function showTag(registry: StartedRegistry, tag: string) {
  const response = await registry.fetch(`/v2/${name}/manifests/${tag}`);
  const list = await registry.fetch(`/v2/${name}/tags/list`);
  const { tags } = (await list.json()) as { tags?: string[] };
  const value = response.status === 200 ? response.headers.get("docker-content-digest") : response.status;
  return { value, isListed: tags?.includes(tag) ?? false };
}

describe.skipIf(!canTrace)("killed", () => {
  test.each([
    ["after the bytes arrived", /^writev\(.*_uploads/],
    ["after the bytes were synced", /^fsync\(.*_uploads\/[^/]+\/data/],
  ])("in an upload %s: the session goes on at the size of its file, and there is no blob", async (_title, isPoint) => {
    using directory = temporaryDirectory();
    let location = "";
    const act = async (client: Client) => {
      location = await client.beginUpload(name, bytes);
      await client.endUpload({ name, location, digest }, bytes);
    };
    await killAfter(directory.path, { act }, isPoint);
    await using registry = await startRegistry({ data: directory.path, args: plainArgs });
    const session = await registry.fetch(location);
    expect([session.status, session.headers.get("range")]).toEqual([204, `0-${bytes.length - 1}`]);
    expect(await statusOf(registry, blobPath)).toBe(404);
    expect(await statusOf(registry, withDigest(location, digest), { method: "PUT" })).toBe(201);
    expect(digestOf(await (await registry.fetch(blobPath)).bytes())).toBe(digest);
  });

  test("when the blob was moved into place: whole bytes without a link; nobody sees them, a push links them", async () => {
    using directory = temporaryDirectory();
    await killAfter(
      directory.path,
      { act: (client) => client.pushBlob(name, bytes, "put") },
      /^rename\(.*\/data"\) = 0/,
    );
    const place = join(directory.path, "docker/registry/v2/blobs/sha256", digest.slice(7, 9), digest.slice(7), "data");
    expect(digestOf(readFileSync(place))).toBe(digest);
    await using registry = await startRegistry({ data: directory.path, args: plainArgs });
    expect(await statusOf(registry, blobPath)).toBe(404);
    await new Client(registry, new Expectations()).pushBlob(name, bytes, "put");
    expect(await statusOf(registry, blobPath)).toBe(200);
  });

  test("when the blob was linked: it is there, and the same last request is answered 201", async () => {
    using directory = temporaryDirectory();
    let location = "";
    const act = async (client: Client) => {
      location = await client.beginUpload(name, bytes);
      await client.endUpload({ name, location, digest }, bytes);
    };
    await killAfter(directory.path, { act }, /^rename\(.*_layers\/.*\/link"\) = 0/);
    await using registry = await startRegistry({ data: directory.path, args: plainArgs });
    expect(digestOf(await (await registry.fetch(blobPath)).bytes())).toBe(digest);
    expect(await statusOf(registry, withDigest(location, digest), { method: "PUT" })).toBe(201);
    await new Client(registry, new Expectations()).pushBlob(name, bytes, "post");
    expect(digestOf(await (await registry.fetch(blobPath)).bytes())).toBe(digest);
  });

  test.each([
    ["when the bytes of the manifest were stored", /^rename\(.*blobs\/.*\/data"\) = 0/, { value: old, byDigest: 404 }],
    ["when its revision was linked", /^rename\(.*revisions\/.*\/link"\) = 0/, { value: old, byDigest: 200 }],
    ["before the tag moved", /^rename\(.*\/index\/.*\/link"\) = 0/, { value: old, byDigest: 200 }],
    ["when the tag had moved", /^rename\(.*current\/link"\) = 0/, { value: next, byDigest: 200 }],
  ])("in a push of a manifest %s: the tag shows one whole image", async (_title, isPoint, { value, byDigest }) => {
    using directory = temporaryDirectory();
    const before = async (client: Client) => {
      await pushMade(client, name, { image: old, tag: "latest" });
      for (const blob of [next.config, next.layer]) await client.pushBlob(name, blob);
    };
    await killAfter(
      directory.path,
      { before, act: (client) => client.pushManifest(name, next.manifest, "latest") },
      isPoint,
    );
    await using registry = await startRegistry({ data: directory.path, args: plainArgs });
    expect(await showTag(registry, "latest")).toEqual({ value: value.manifest.digest, isListed: true });
    expect(await statusOf(registry, `/v2/${name}/manifests/${next.manifest.digest}`)).toBe(byDigest);
    const seen = new Expectations();
    await pushMade(new Client(registry, seen), name, { image: next, tag: "latest" });
    expect(await findDifferences(registry, seen)).toEqual([]);
  });

  test("when a tag was moved away: it is in neither list nor GET, and its manifest stays", async () => {
    using directory = temporaryDirectory();
    const before = async (client: Client) => {
      await pushMade(client, name, { image: old, tag: "gone" });
      await client.pushManifest(name, old.manifest, "kept");
    };
    await killAfter(directory.path, { before, act: (client) => client.deleteTag(name, "gone") }, isTagTrashed);
    await using registry = await startRegistry({ data: directory.path, args: plainArgs });
    expect(await showTag(registry, "gone")).toEqual({ value: 404, isListed: false });
    expect(await showTag(registry, "kept")).toEqual({ value: old.manifest.digest, isListed: true });
    await new Client(registry, new Expectations()).pushManifest(name, old.manifest, "gone");
    expect(await showTag(registry, "gone")).toEqual({ value: old.manifest.digest, isListed: true });
  });

  test.each([
    ["noted its tags", /^rename\(.*_deleting.* = 0/, true],
    ["noted that it is wanted", /^rename\(.*_deleted\/.* = 0/, true],
    ["removed its revision", /^unlink\(.*revisions\/.*\/link"\) = 0/, false],
    ["moved one of its tags away", /^rename\(.*tags\/(gone|also)", .*trash\/tags\/.*\) = 0/, false],
  ])(
    "in a delete of a manifest with two tags when it has %s: all of it is there, or nothing",
    async (_what, isPoint, isThere) => {
      using directory = temporaryDirectory();
      const before = async (client: Client) => {
        await pushMade(client, name, { image: old, tag: "gone" });
        await client.pushManifest(name, old.manifest, "also");
        await pushMade(client, name, { image: next, tag: "kept" });
      };
      const act = (client: Client) => client.deleteManifest(name, old.manifest.digest);
      await killAfter(directory.path, { before, act }, isPoint);
      await using registry = await startRegistry({ data: directory.path, args: plainArgs });
      const manifestPath = `/v2/${name}/manifests/${old.manifest.digest}`;
      const shown = isThere ? { value: old.manifest.digest, isListed: true } : { value: 404, isListed: false };
      expect(await statusOf(registry, manifestPath)).toBe(isThere ? 200 : 404);
      for (const tag of ["gone", "also"]) expect(await showTag(registry, tag)).toEqual(shown);
      expect((await collect(directory.path)).summary?.findings).toBe(0);
      // What comes next does the rest, and no tag comes back with its manifest.
      await pushMade(new Client(registry, new Expectations()), name, { image: old, tag: "gone" });
      expect(await showTag(registry, "also")).toEqual(shown);
      expect(await statusOf(registry, manifestPath, { method: "DELETE" })).toBe(202);
      for (const tag of ["gone", "also"]) expect(await showTag(registry, tag)).toEqual({ value: 404, isListed: false });
      expect(await showTag(registry, "kept")).toEqual({ value: next.manifest.digest, isListed: true });
    },
  );

  test("in a delete of the last manifest when its revision was removed: nothing of it is seen", async () => {
    using directory = temporaryDirectory();
    const before = (client: Client) => pushMade(client, name, { image: old, tag: "gone" });
    const act = (client: Client) => client.deleteManifest(name, old.manifest.digest);
    await killAfter(directory.path, { before, act }, /^unlink\(.*revisions\/.*\/link"\) = 0/);
    await using registry = await startRegistry({ data: directory.path, args: plainArgs });
    expect(await showTag(registry, "gone")).toEqual({ value: 404, isListed: false });
    expect(await statusOf(registry, `/v2/${name}/manifests/${old.manifest.digest}`)).toBe(404);
    await pushMade(new Client(registry, new Expectations()), name, { image: old, tag: "gone" });
    expect(await showTag(registry, "gone")).toEqual({ value: old.manifest.digest, isListed: true });
    expect(existsSync(join(directory.path, "docker/registry/v2/repositories", name, "_layers"))).toBe(true);
  });
});

const isTagTrashed = /^rename\(.*tags\/gone", .*trash\/tags\/.*\) = 0/;
