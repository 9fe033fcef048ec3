// Upstreams that are down, slow or wrong: what is cached is served with a warning, and what is not is never a false 404.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { requireProgram, run, waitUntil } from "../e2e/program.ts";
import {
  type Behaviour,
  behaviours,
  digestOf,
  type MisbehavingUpstream,
  startUpstream,
} from "../proxy/misbehaving-upstream.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { addImage, isStored, logged, metricsAt, pull, pullImage, refused, startCache } from "./caches.ts";

const hasCurl = requireProgram("curl", "curl");
const fresh = { REGISTRY_PROXY_FRESH: "0s" };
const strange = digestOf("what nobody has");
const cutOff: Behaviour = (_request, response) => {
  response.destroy();
  return true;
};
const other = JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [] });
const index = "application/vnd.oci.image.index.v1+json";

/** Answers every manifest with another one than it says. */
const lying: Behaviour = ({ method, url = "" }, response) => {
  if (!url.includes("/manifests/")) return false;
  response.writeHead(200, { "Content-Type": index, "Content-Length": other.length, "Docker-Content-Digest": strange });
  response.end(method === "HEAD" ? undefined : other);
  return true;
};

interface Failure {
  readonly behaviour: Behaviour;
  /** What the warning and the refusal say. */
  readonly says: string;
  readonly status: number;
  readonly retryAfter?: string;
  /** Only manifests are concerned. */
  readonly isAboutManifests?: boolean;
}

const failures: readonly (readonly [string, Failure])[] = [
  ["answers 500", { behaviour: behaviours.status(500), says: "answers 500", status: 503 }],
  ["answers 502", { behaviour: behaviours.status(502), says: "answers 502", status: 503 }],
  [
    "answers 503 and when to come again",
    { behaviour: behaviours.status(503, { "Retry-After": "77" }), says: "answers 503", status: 503, retryAfter: "77" },
  ],
  ["answers 504", { behaviour: behaviours.status(504), says: "answers 504", status: 504 }],
  [
    "limits requests",
    {
      behaviour: behaviours.status(429, { "Retry-After": "99" }),
      says: "answers 429: too many requests",
      status: 429,
      retryAfter: "99",
    },
  ],
  ["denies", { behaviour: behaviours.status(403), says: "answers 403", status: 403 }],
  ["wants credentials", { behaviour: behaviours.status(401), says: "answers 401", status: 403 }],
  ["breaks connections off", { behaviour: cutOff, says: "cannot be reached", status: 502 }],
  ["redirects for ever", { behaviour: behaviours.redirect("/v2/loop"), says: "redirects more than", status: 502 }],
  ["sends other manifests", { behaviour: lying, says: "has another digest", status: 502, isAboutManifests: true }],
];

describe.concurrent("while the upstream", () => {
  test.each(failures)("%s", async (_how, { behaviour, says, status, retryAfter, isAboutManifests = false }) => {
    await using upstream = await startUpstream();
    const digest = addImage(upstream, { layers: [new Uint8Array(randomBytes(100_000))] });
    const metrics = metricsAt();
    await using cache = await startCache(upstream, { env: { ...fresh, ...metrics.env } });
    const blobs = await pullImage(cache);
    await waitUntil("all of it is kept", () => blobs.every((blob) => isStored(cache, blob)));
    upstream.behave(behaviour);

    const stale = await cache.fetch("/v2/team/app/manifests/latest");
    const warning = stale.headers.get("warning") ?? "";
    expect([stale.status, stale.headers.get("docker-content-digest"), digestOf(await stale.bytes())]).toEqual([
      200,
      digest,
      digest,
    ]);
    expect([warning.startsWith('299 - "served from the cache: '), warning.includes(says)]).toEqual([true, true]);
    const byDigest = await cache.fetch(`/v2/team/app/manifests/${digest}`);
    expect([byDigest.status, byDigest.headers.get("warning")]).toEqual([200, null]);
    for (const blob of blobs) expect(await pull(cache, blob)).toBe(blob);
    for (const path of [
      "team/new/manifests/latest",
      `team/new/manifests/${strange}`,
      ...(isAboutManifests ? [] : [`team/new/blobs/${strange}`, "team/new/tags/list"]),
    ]) {
      for (const method of ["GET", "HEAD"]) {
        const answer = await cache.fetch(`/v2/${path}`, { method });
        const retry = Number(answer.headers.get("retry-after") ?? 0);
        expect([path, method, answer.status]).toEqual([path, method, status]);
        // While the upstream rests, it is the rest of the rest.
        if (retryAfter !== undefined) expect([retry > 0, retry <= Number(retryAfter)]).toEqual([true, true]);
        if (method === "GET") expect((await refused(answer)).message).toContain(says);
      }
    }
    if (!isAboutManifests) {
      const tags = await cache.fetch("/v2/team/app/tags/list");
      expect([tags.headers.get("warning")?.includes(says), await tags.json()]).toEqual([
        true,
        { name: "team/app", tags: ["latest"] },
      ]);
    }
    expect(logged(cache, "an upstream is of no help").length).toBeGreaterThan(0);
    expect(await metrics.read()).toMatch(
      new RegExp(`^registry_proxy_stale_total\\{upstream="${upstream.host}"\\} [1-9]`, "m"),
    );

    upstream.behave(undefined);
    await waitUntil("it is asked again", async () => {
      if (retryAfter !== undefined) return true;
      const answer = await cache.fetch("/v2/team/app/manifests/latest");
      return answer.status === 200 && answer.headers.get("warning") === null;
    });
  });

  test("has lost the tag", async () => {
    await using upstream = await startUpstream();
    const digest = addImage(upstream, {});
    await using cache = await startCache(upstream, { env: fresh });
    await pullImage(cache);
    upstream.removeTag("team/app", "latest");
    const stale = await cache.fetch("/v2/team/app/manifests/latest");
    expect([stale.status, stale.headers.get("docker-content-digest"), stale.headers.get("warning")]).toEqual([
      200,
      digest,
      '299 - "served from the cache: latest is gone there"',
    ]);
    expect((await cache.fetch("/v2/team/app/manifests/never")).status).toBe(404);
  });

  test("is down, it is asked seldom, and at once again soon after", async () => {
    await using upstream = await startUpstream();
    addImage(upstream, {});
    await using cache = await startCache(upstream, { env: fresh });
    await pullImage(cache);
    upstream.behave(behaviours.status(500));
    const before = upstream.requests.length;
    for (let count = 0; count < 50; count += 1) await pullImage(cache);
    expect(upstream.requests.length - before).toBeLessThan(10);
  });
});

test("an upstream that many clients meet dead at once is asked again soon after it is back", async () => {
  await using upstream = await startUpstream();
  const blobs = Array.from({ length: 8 }, () => upstream.addBlob(new Uint8Array(randomBytes(1000))));
  addImage(upstream, {});
  await using cache = await startCache(upstream);
  upstream.behave(cutOff);
  const deadMs = performance.now();
  const statuses = await Promise.all(
    blobs.map(async (digest, index) => [
      (await cache.fetch(`/v2/team/app/blobs/${digest}`)).status,
      (await cache.fetch(`/v2/team/app${index}/manifests/latest`)).status,
    ]),
  );
  expect(new Set(statuses.flat())).toEqual(new Set([502]));
  upstream.behave(undefined);
  const backMs = performance.now();
  // Each rest is twice as long as the one before, so the last one is about as long as all before it.
  const restMs = 6000 + (backMs - deadMs);
  await waitUntil("it is asked again", async () => (await cache.fetch("/v2/team/app/manifests/latest")).status === 200);
  expect(performance.now() - backMs).toBeLessThan(restMs);
});

describe("an upstream that is slow", () => {
  test("is waited for within bounds, and a blob that stalls is cut and gone on with where it stopped", async () => {
    await using silent = await startUpstream();
    await using stalling = await startUpstream();
    const digest = addImage(silent, {});
    const blob = new Uint8Array(randomBytes(2_000_000));
    const stalled = stalling.addBlob(blob);
    stalling.behave(behaviours.breakBlob(blob, { after: 700_000, how: "stall" }));
    await using cache = await startCache(silent, { env: fresh });
    await using second = await startCache(stalling);
    await pullImage(cache);
    silent.behave(behaviours.silent());
    const startedMs = performance.now();
    const statusOf = async (path: string) => {
      const { status } = await cache.fetch(path);
      return [status, Math.round((performance.now() - startedMs) / 1000)];
    };
    const pulling = pull(second, stalled);
    const uncached = Promise.all([
      statusOf("/v2/team/new/manifests/latest"),
      statusOf(`/v2/team/new/blobs/${strange}`),
    ]);
    const stale = await cache.fetch("/v2/team/app/manifests/latest");
    const waitedMs = performance.now() - startedMs;
    expect([stale.status, stale.headers.get("docker-content-digest"), waitedMs < 12_000]).toEqual([200, digest, true]);
    expect(stale.headers.get("warning")).toContain("does not answer in time");
    for (const [status, seconds = 0] of await uncached)
      expect([status, seconds >= 5 && seconds < 45]).toEqual([504, true]);
    expect(await pulling).toBe(stalled);
    const ranges = stalling.requests
      .filter(({ method, path }) => method === "GET" && path.includes("/blobs/"))
      .map(({ range }) => range);
    expect(ranges).toEqual([undefined, "bytes=700000-"]);
  });
});

describe.skipIf(!hasCurl)("a wrong blob", () => {
  const right = new Uint8Array(randomBytes(2_000_000));
  const longer = new Uint8Array(Buffer.concat([right, randomBytes(500_000)]));
  const noLength =
    (bytes: Uint8Array): Behaviour =>
    ({ method, url = "" }, response) => {
      if (method !== "GET" || !url.includes("/blobs/")) return false;
      response.writeHead(200);
      response.end(bytes);
      return true;
    };
  const wrongs: readonly (readonly [string, Behaviour])[] = [
    ["other bytes", behaviours.wrongBlob(new Uint8Array(randomBytes(right.length)))],
    ["too few", behaviours.wrongBlob(right.subarray(0, 1_500_000))],
    ["too few without a length", noLength(right.subarray(0, 1_500_000))],
    ["too many", behaviours.wrongBlob(longer)],
    ["too many without a length", noLength(longer)],
    ["none at all", noLength(new Uint8Array())],
    ["bytes without end", behaviours.endlessBlob(new Uint8Array(1_000_000))],
  ];

  /** With a manifest that says how large it is. */
  function announce(upstream: MisbehavingUpstream): string {
    addImage(upstream, { layers: [right] });
    return digestOf(right);
  }

  test.each(wrongs)("(%s) is never delivered whole, never cached, counted and logged", async (_what, behaviour) => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    const digest = announce(upstream);
    const metrics = metricsAt();
    await using cache = await startCache(upstream, { env: metrics.env });
    expect((await cache.fetch("/v2/team/app/manifests/latest")).status).toBe(200);
    upstream.behave(behaviour);
    const file = `${directory.path}/blob`;
    const url = `${cache.url}/v2/team/app/blobs/${digest}`;
    const { code, stdout } = await run(["curl", "-sS", "-o", file, "-w", "%{http_code}", url], { timeoutMs: 60_000 });
    const sizeBytes = Bun.file(file).size;
    const isCut = stdout === "200" && code !== 0 && sizeBytes <= right.length - 64 * 1024;
    expect([isCut || stdout === "502", isStored(cache, digest)]).toEqual([true, false]);
    expect(logged(cache, "wrong content from upstream").some((line) => line.includes(digest))).toBe(true);
    expect(await metrics.read()).toMatch(/^registry_proxy_wrong_content_total\{.*\} [1-9]/m);
    upstream.behave(undefined);
    expect(await pull(cache, digest)).toBe(digest);
  });
});
