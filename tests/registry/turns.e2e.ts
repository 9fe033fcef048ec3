// Whatever is asked, nobody else waits for it longer than a moment. Each case takes some times longer as a whole than a
// turn of the event loop may. End to end, since counting the lines that run (coverage) makes a turn ten times as long.

import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Digest } from "../../src/oci/digest.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import type { RepositoryName } from "../../src/oci/name.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { collectGarbage } from "../../src/registry/gc/gc.ts";
import { blobKey, layerLink, referrerLink, revisionLink, tagCurrentLink } from "../../src/registry/layout.ts";
import { openRegistry } from "../../src/registry/registry.ts";
import { listRepositories } from "../../src/registry/repositories.ts";
import { verifyStore } from "../../src/registry/verify/verify.ts";
import { openFilesystem } from "../../src/storage/filesystem.ts";
import type { Key } from "../../src/storage/ports.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { longestTurnMs, longestTurnOfBestMs, shortMs } from "../turns.ts";
import { named, tagged, utf8 } from "./stocked.ts";

// Five attempts at a check of everything take long on a machine that has other work; what counts is the length of a turn.
setDefaultTimeout(180_000);

const directory = temporaryDirectory({ isInMemory: true });
afterAll(() => directory[Symbol.dispose]());
const { driver } = await openFilesystem({ root: directory.path, isDurable: false });
const store = { ...driver, now: Date.now, uuid: () => crypto.randomUUID() };
const registry = openRegistry(store, { rules: { urls: "any", children: "all" } });

const imageType = "application/vnd.oci.image.manifest.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";
const many = <T>(length: number, make: (index: number) => T) => Array.from({ length }, (_, index) => make(index));

/** Puts a file in its place, as another program would. */
function put(key: Key, content: string | Uint8Array): void {
  const path = join(directory.path, key);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
}

function putBlob(name: RepositoryName, text: string): Digest {
  const digest = hashBytes(utf8(text), "sha256");
  put(blobKey(digest), text);
  put(layerLink(name, digest), digest);
  return digest;
}

function putManifest(name: RepositoryName, fields: object): Digest {
  const bytes = utf8(JSON.stringify({ schemaVersion: 2, mediaType: imageType, ...fields }));
  const digest = hashBytes(bytes, "sha256");
  put(blobKey(digest), bytes);
  put(revisionLink(name, digest), digest);
  return digest;
}

const configOf = (name: RepositoryName) => ({ mediaType: "a/b", digest: putBlob(name, "{}"), size: 2 });

/** Layers in a repository, each of which costs a look. */
function layersIn(name: RepositoryName, length: number) {
  return many(length, (index) => ({
    mediaType: layerType,
    digest: putBlob(name, `layer ${index}`),
    size: `layer ${index}`.length,
    annotations: { "org.opencontainers.image.title": `file-${index}`, "org.example.note": "x".repeat(100) },
  }));
}

const wide = named("wide");
const wideText = JSON.stringify({
  schemaVersion: 2,
  mediaType: imageType,
  config: configOf(wide),
  layers: layersIn(wide, 4000),
  annotations: { padding: "x".repeat(2_000_000) },
});

test.each([
  ["stored", wideText, undefined],
  ["refused for its keys", wideText.replace("{", `{${many(400_000, (index) => `"k${index}":1,`).join("")}`), "keys"],
  ["refused for its children", JSON.stringify({ schemaVersion: 2, manifests: many(34_000, () => ({})) }), "entries"],
  [
    "refused for what is missing",
    wideText.replaceAll("sha256:", "sha256:").replaceAll('"size":', '"size": 1'),
    "bytes",
  ],
])("a PUT of a large manifest that is %s", async (_what, text, problem) => {
  const bytes = utf8(text);
  let message: string | undefined;
  const turnMs = await longestTurnOfBestMs(() =>
    registry
      .repository(wide, anonymous())
      .manifests.put({ bytes, contentType: undefined, digest: undefined, tags: [tagged("wide")] })
      .catch((error) => {
        message = error.message;
      }),
  );
  expect(message ?? "").toContain(problem ?? "");
  expect(turnMs).toBeLessThan(shortMs());
});

test.each([
  ["HEAD", () => registry.repository(wide, anonymous()).manifests.promise({ kind: "tag", tag: tagged("wide") })],
  ["GET", () => registry.repository(wide, anonymous()).manifests.get({ kind: "tag", tag: tagged("wide") })],
])("%s of a large manifest, from 8 clients", async (_method, read) => {
  const turnMs = await longestTurnOfBestMs(() =>
    Promise.all(
      many(8, async () => {
        for (let round = 0; round < 10; round += 1) await read();
      }),
    ),
  );
  expect(turnMs).toBeLessThan(shortMs());
});

const tags = named("tags");
const tagCount = 4000;
const image = putManifest(tags, { config: configOf(tags), layers: [] });
const doomed = putManifest(tags, { config: configOf(tags), layers: [], annotations: { doomed: "" } });
for (let index = 0; index < tagCount; index += 1) {
  put(tagCurrentLink(tags, tagged(`v${index}`)), index % 1500 === 1 ? doomed : image);
}

test("a list of all tags, and a page of it", async () => {
  let lengths: readonly number[] = [];
  const turnMs = await longestTurnOfBestMs(async () => {
    const all = await registry
      .repository(tags, anonymous())
      .tags.list({ limit: Number.POSITIVE_INFINITY, after: undefined });
    const page = await registry.repository(tags, anonymous()).tags.list({ limit: 100, after: "v3" });
    lengths = [all.items.length, page.items.length];
  });
  expect(lengths).toEqual([tagCount, 100]);
  expect(turnMs).toBeLessThan(shortMs());
});

test("a DELETE of a manifest among many tags, and a push meanwhile", async () => {
  const turnMs = await longestTurnMs(() =>
    Promise.all([
      registry.repository(tags, anonymous()).manifests.delete(doomed),
      registry.repository(tags, anonymous()).manifests.put({
        bytes: utf8(JSON.stringify({ schemaVersion: 2, config: configOf(tags), layers: [], annotations: { a: "" } })),
        contentType: undefined,
        digest: undefined,
        tags: [tagged("latest")],
      }),
    ]),
  );
  const { items } = await registry
    .repository(tags, anonymous())
    .tags.list({ limit: Number.POSITIVE_INFINITY, after: undefined });
  expect([items.length, items.includes(tagged("v1"))]).toEqual([tagCount - 3 + 1, false]);
  // It cannot be done again, so whatever else falls into a turn of it counts too.
  expect(turnMs).toBeLessThan(shortMs(40));
});

const subjects = named("subjects");
const subject = putManifest(subjects, { config: configOf(subjects), layers: [] });
const about = { mediaType: imageType, digest: subject, size: 1 };
for (let index = 0; index < 1000; index += 1) {
  const annotations = { index: String(index), long: index < 4 ? "x".repeat(2_000_000) : "" };
  const digest = putManifest(subjects, { config: configOf(subjects), layers: [], subject: about, annotations });
  // Half of them were pushed to a registry that keeps no index.
  if (index % 2 === 0) put(referrerLink(subjects, subject, digest), digest);
}

test("a list of referrers of a type that none has, and of all", async () => {
  let lengths: readonly number[] = [];
  const turnMs = await longestTurnOfBestMs(async () => {
    const request = { subject, after: undefined };
    const none = await registry
      .repository(subjects, anonymous())
      .referrers.list({ ...request, artifactType: "a/nothing" });
    const all = await registry
      .repository(subjects, anonymous())
      .referrers.list({ ...request, artifactType: undefined });
    lengths = [none.items.length, all.items.length];
  });
  expect(lengths).toEqual([0, lengths[1] ?? 0]);
  expect(turnMs).toBeLessThan(shortMs());
});

for (let index = 0; index < 1500; index += 1) {
  putManifest(named(`many/${index % 30}/r${index}`), {
    config: { mediaType: "a/b", digest: image, size: 2 },
    layers: [],
  });
}

test("the catalog", async () => {
  let count = 0;
  const turnMs = await longestTurnOfBestMs(async () => {
    count = (await listRepositories(store, { limit: 10_000, after: undefined })).items.length;
  });
  expect(count).toBe(1503);
  expect(turnMs).toBeLessThan(shortMs());
});

const rules = { urls: "any", children: "all" } as const;

const gc = { graceMs: 0, note: "", deletesUntagged: true, uploadAgeMs: 0, rules, report: () => undefined };

test("a collection that only tells", async () => {
  const turnMs = await longestTurnOfBestMs(() => collectGarbage(store, { ...gc, isDryRun: true }));
  expect(turnMs).toBeLessThan(shortMs());
});

test("a check of everything", async () => {
  const options = { rules, isRepairing: false, bytesPerSecond: undefined, uploadAgeMs: 0 };
  const turnMs = await longestTurnOfBestMs(() => verifyStore(store, { ...options, report: () => undefined }));
  expect(turnMs).toBeLessThan(shortMs());
});

test("a collection that takes away", async () => {
  const turnMs = await longestTurnMs(() => collectGarbage(store, { ...gc, isDryRun: false }));
  expect(turnMs).toBeLessThan(shortMs(100));
});
