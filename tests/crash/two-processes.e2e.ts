// Two processes serve one directory at the same time: clients may talk to either, from one request to the next.
import { describe, expect, test } from "bun:test";
import type { StartedRegistry } from "../e2e/executable.ts";
import { digestOf, withDigest } from "../e2e/image.ts";
import type { PushedManifest } from "./client.ts";
import { findBrokenInvariants } from "./directory-check.ts";
import { type Content, Expectations } from "./expectations.ts";
import { type MadeImage, makeBytes, makeImage, pushMade } from "./made-image.ts";
import { findDifferences } from "./outcome.ts";
import { expectAgreement, type Pair, startPair } from "./pair.ts";

const name = "team/app";
const watchedMs = 30_000;

function putTag(registry: StartedRegistry, { mediaType, bytes }: PushedManifest, reference: string): Promise<Response> {
  const headers = { "Content-Type": mediaType };
  return registry.fetch(`/v2/${name}/manifests/${reference}`, { method: "PUT", headers, body: bytes });
}

function remove(registry: StartedRegistry, path: string): Promise<Response> {
  return registry.fetch(`/v2/${name}/${path}`, { method: "DELETE" });
}

async function statusesOf(answers: readonly Promise<Response>[]): Promise<readonly number[]> {
  return (await Promise.all(answers)).map(({ status }) => status);
}

describe("an upload", () => {
  test.each(["sha256", "sha512"] as const)(
    "goes on at the other process and ends at the first (%s)",
    async (algorithm) => {
      await using pair = await startPair();
      const { first, second } = pair;
      const bytes = makeBytes(300_000);
      const digest = `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest("hex")}`;
      const begun = await first.fetch(`/v2/${name}/blobs/uploads/`, { method: "POST" });
      let location = begun.headers.get("location") ?? "";
      const pieces = [
        [first, 0, 100_000],
        [second, 100_000, 150_000],
        [first, 150_000, 200_000],
        [second, 200_000, 250_000],
      ] as const;
      for (const [registry, start, end] of pieces) {
        const headers = { "Content-Range": `${start}-${end - 1}` };
        const answer = await registry.fetch(location, { method: "PATCH", headers, body: bytes.slice(start, end) });
        expect([answer.status, answer.headers.get("range")]).toEqual([202, `0-${end - 1}`]);
        location = answer.headers.get("location") ?? "";
      }
      const end = withDigest(location, digest);
      expect((await first.fetch(end, { method: "PUT", body: bytes.slice(250_000) })).status).toBe(201);
      for (const registry of [first, second]) {
        const blob = await registry.fetch(`/v2/${name}/blobs/${digest}`);
        expect([blob.status, digestOf(await blob.bytes())]).toEqual([200, digestOf(bytes)]);
      }
    },
  );

  test("with writers at both processes at once becomes the right blob or none", async () => {
    await using pair = await startPair();
    const { first, second, data } = pair;
    for (let round = 0; round < 30; round += 1) {
      const bytes = makeBytes(50_000);
      const begun = await first.fetch(`/v2/${name}/blobs/uploads/`, { method: "POST" });
      const location = begun.headers.get("location") ?? "";
      const end = withDigest(location, digestOf(bytes));
      const [ended = 0, appended = 0] = await statusesOf([
        first.fetch(end, { method: "PUT", body: bytes }),
        second.fetch(location, { method: "PATCH", body: makeBytes(1000) }),
      ]);
      // The chunk came first, and the digest is wrong; or it came too late.
      expect([
        [400, 202],
        [201, 404],
      ]).toContainEqual([ended, appended]);
      const blob = await second.fetch(`/v2/${name}/blobs/${digestOf(bytes)}`);
      const pulled = digestOf(await blob.bytes());
      expect(ended === 201 ? pulled : blob.status).toBe(ended === 201 ? digestOf(bytes) : 404);
    }
    expect(findBrokenInvariants(data)).toEqual([]);
  });
});

describe("one repository", () => {
  test("takes moves of one tag from both: it is one of the two, whole, and both say the same", async () => {
    await using pair = await startPair();
    const { first, second, client, seen } = pair;
    const images = [makeImage(), makeImage()] as const;
    for (const image of images) await pushMade(client, name, { image, tag: "latest" });
    for (let round = 0; round < 50; round += 1) {
      const [one, other] = round % 2 === 0 ? images : [images[1], images[0]];
      const statuses = await statusesOf([
        putTag(first, one.manifest, "latest"),
        putTag(second, other.manifest, "latest"),
      ]);
      expect(statuses).toEqual([201, 201]);
      for (const { manifest } of images) seen.tags.asked(`${name}:latest`, manifest.digest);
      expect(await digestAt(first)).toBe(await digestAt(second));
    }
    await expectAgreement(pair);
  });

  test("takes deletes at one and pushes at the other: each is done or refused, and never half", async () => {
    await using pair = await startPair();
    const { first, second, client } = pair;
    const kept = makeImage();
    await pushMade(client, name, { image: kept, tag: "kept" });
    const image = makeImage();
    const allowed = { push: [201, 404], remove: [202, 404] };
    for (let round = 0; round < 40; round += 1) {
      await pushMade(client, name, { image, tag: "a" });
      const pushes = await Promise.all([
        statusesOf([putTag(first, image.manifest, "a"), putTag(first, image.manifest, "b")]),
        statusesOf([remove(second, `manifests/${image.manifest.digest}`), remove(second, "manifests/a")]),
      ]);
      expect(pushes[0].every((status) => status === 201)).toBe(true);
      expect(pushes[1].every((status) => allowed.remove.includes(status))).toBe(true);
      expect(await disagreements({ ...pair, kept }, image)).toEqual([]);
    }
    for (let round = 0; round < 20; round += 1) {
      await pushMade(client, name, { image, tag: "a" });
      const [pushed = 0, removed = 0] = await statusesOf([
        putTag(first, image.manifest, "a"),
        remove(second, `blobs/${digestOf(image.layer)}`),
      ]);
      expect(allowed.push.includes(pushed) && allowed.remove.includes(removed)).toBe(true);
    }
    await pushMade(client, name, { image, tag: "a" });
    await remove(second, "manifests/b");
    pair.seen.tags.answered(`${name}:b`, undefined);
    await expectAgreement(pair);
  });
});

describe("one tag", () => {
  test("with three writers and six readers at both for half a minute gives no bad answer", async () => {
    await using pair = await startPair();
    const { first, second, client, data } = pair;
    const images = Array.from({ length: 6 }, () => makeImage({ layerBytes: 20_000 }));
    for (const image of images) await pushMade(client, name, { image, tag: "latest" });
    const digests = new Set(images.map(({ manifest }) => manifest.digest));
    const counts = { moves: 0, pulls: 0 };
    const bad: string[] = [];
    const endMs = performance.now() + watchedMs;
    const whileWatched = async (work: (round: number) => Promise<void>) => {
      for (let round = 0; performance.now() < endMs; round += 1) await work(round);
    };
    const write = (writer: number) =>
      whileWatched(async (round) => {
        const image = images[(2 * writer + (round % 2)) % images.length];
        if (image === undefined) return;
        const answer = await putTag(writer === 0 ? first : second, image.manifest, "latest");
        if (answer.status !== 201) bad.push(`a move: ${answer.status} ${await answer.text()}`);
        counts.moves += 1;
      });
    const read = (reader: number) =>
      whileWatched(async () => {
        const problem = await pull(reader % 2 === 0 ? first : second, digests);
        if (problem !== undefined) bad.push(problem);
        counts.pulls += 1;
      });
    await Promise.all([...[0, 1, 2].map(write), ...[0, 1, 2, 3, 4, 5].map(read)]);
    console.log(counts);
    expect({ bad, broken: findBrokenInvariants(data) }).toEqual({ bad: [], broken: [] });
    expect(counts.moves).toBeGreaterThan(100);
    expect(counts.pulls).toBeGreaterThan(100);
  });
});

/** Pulls the tag with everything in it; what is wrong, if anything. */
async function pull(registry: StartedRegistry, digests: ReadonlySet<string>): Promise<string | undefined> {
  const answer = await registry.fetch(`/v2/${name}/manifests/latest`);
  const bytes = await answer.bytes();
  if (answer.status !== 200) return `the tag: ${answer.status}`;
  if (answer.headers.get("docker-content-digest") !== digestOf(bytes)) return "the tag: another digest than its bytes";
  if (!digests.has(digestOf(bytes))) return "the tag: bytes that nobody pushed";
  const { config, layers } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, { digest: string }> & {
    layers: { digest: string }[];
  };
  for (const { digest } of [config, ...layers].filter((descriptor) => descriptor !== undefined)) {
    const blob = await registry.fetch(`/v2/${name}/blobs/${digest}`);
    if (digestOf(await blob.bytes()) !== digest) return `a blob: ${blob.status}`;
  }
  const list = (await (await registry.fetch(`/v2/${name}/tags/list`)).json()) as { tags?: string[] };
  return list.tags?.includes("latest") ? undefined : `the list: ${JSON.stringify(list)}`;
}

async function digestAt(registry: StartedRegistry): Promise<string | null> {
  return (await registry.fetch(`/v2/${name}/manifests/latest`)).headers.get("docker-content-digest");
}

/** The image and its tags are there together or not at all, at both processes. */
async function disagreements(
  { first, second, data, kept }: Pair & { readonly kept: MadeImage },
  { manifest }: MadeImage,
): Promise<readonly string[]> {
  const seen = new Expectations();
  seen.tags.answered(`${name}:kept`, kept.manifest.digest);
  for (const tag of ["a", "b"]) seen.tags.asked(`${name}:${tag}`, manifest.digest);
  seen.manifests.asked(`${name}@${manifest.digest}` as Content, true);
  return [
    ...(await findDifferences(first, seen)),
    ...(await findDifferences(second, seen)),
    ...findBrokenInvariants(data),
  ];
}
