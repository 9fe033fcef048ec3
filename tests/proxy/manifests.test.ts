import { describe, expect, test } from "bun:test";
import { isFresh } from "../../src/proxy/manifests.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { intercept } from "../storage/intercepted.ts";
import { cacheOf, manifestOf, named, referenceOf, refusalOf, untilInTime } from "./caching.ts";
import { type Behaviour, behaviours, startUpstream } from "./misbehaving-upstream.ts";

const name = named("library/app");
const one = manifestOf(new Uint8Array([1]));
const two = manifestOf(new Uint8Array([2]));
const latest = referenceOf("latest");

describe("a manifest by tag", () => {
  test("is believed while it is fresh", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addManifest(name, "latest", one);
    const { cache } = await cacheOf(upstream, { cache: { freshMs: 60_000 } });
    const answers = [
      await cache.repository(name, anonymous()).manifests.get(latest),
      await cache.repository(name, anonymous()).manifests.get(latest),
    ];
    expect(answers.map((answer) => answer.digest)).toEqual([digest, digest]);
    expect(upstream.asked()).toEqual(["GET /v2/library/app/manifests/latest"]);
  });

  test("is checked by HEAD afterwards, and fetched only when it moved", async () => {
    await using upstream = await startUpstream();
    upstream.addManifest(name, "latest", one);
    const { cache, local } = await cacheOf(upstream);
    await cache.repository(name, anonymous()).manifests.get(latest);
    await cache.repository(name, anonymous()).manifests.get(latest);
    const moved = upstream.addManifest(name, "latest", two);
    const { digest, bytes, warning } = await cache.repository(name, anonymous()).manifests.get(latest);
    expect(upstream.asked()).toEqual([
      "GET /v2/library/app/manifests/latest",
      "HEAD /v2/library/app/manifests/latest",
      "HEAD /v2/library/app/manifests/latest",
      `GET /v2/library/app/manifests/${moved}`,
    ]);
    expect([digest, new TextDecoder().decode(bytes), warning]).toEqual([moved, two, undefined]);
    expect((await local.repository(name, anonymous()).manifests.get(latest)).digest).toBe(moved);
  });

  test("that moves to one that is cached is not fetched again", async () => {
    await using upstream = await startUpstream();
    upstream.addManifest(name, "latest", one);
    const known = upstream.addManifest(name, "other", two);
    const { cache } = await cacheOf(upstream);
    await cache.repository(name, anonymous()).manifests.get(latest);
    await cache.repository(name, anonymous()).manifests.get(referenceOf("other"));
    upstream.addManifest(name, "latest", two);
    upstream.requests.length = 0;
    expect((await cache.repository(name, anonymous()).manifests.get(latest)).digest).toBe(known);
    expect(upstream.asked()).toEqual(["HEAD /v2/library/app/manifests/latest"]);
  });

  test("is asked for once, however many want it", async () => {
    await using upstream = await startUpstream();
    upstream.addManifest(name, "latest", one);
    const { cache } = await cacheOf(upstream);
    await Promise.all(Array.from({ length: 20 }, () => cache.repository(name, anonymous()).manifests.get(latest)));
    expect(upstream.requests.length).toBe(1);
  });

  test("that neither is unknown", async () => {
    await using upstream = await startUpstream();
    const { cache, local } = await cacheOf(upstream);
    expect(await refusalOf(cache.repository(name, anonymous()).manifests.get(latest))).toBe("MANIFEST_UNKNOWN");
    expect((await local.list({ limit: 9, after: undefined })).items).toEqual([]);
  });
});

describe("a manifest by digest", () => {
  test("never asks upstream once it is cached", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addManifest(name, "latest", one);
    const { cache } = await cacheOf(upstream);
    await cache.repository(name, anonymous()).manifests.get(referenceOf(digest));
    upstream.behave(behaviours.status(500));
    const again = await cache.repository(name, anonymous()).manifests.get(referenceOf(digest));
    expect([again.digest, again.warning, upstream.requests.length]).toEqual([digest, undefined, 1]);
  });

  test("of an index stays whole although its children are not cached", async () => {
    await using upstream = await startUpstream();
    const child = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${"a".repeat(64)}`,
      size: 7,
    };
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.docker.distribution.manifest.list.v2+json",
      manifests: [child],
    });
    const digest = upstream.addManifest(name, "latest", index);
    const { cache } = await cacheOf(upstream);
    const { bytes, mediaType } = await cache.repository(name, anonymous()).manifests.get(referenceOf(digest));
    expect([new TextDecoder().decode(bytes), mediaType]).toEqual([
      index,
      "application/vnd.docker.distribution.manifest.list.v2+json",
    ]);
  });
});

/** What upstream does, what is said of it, and what a client gets of what is not cached. */
const failures: readonly [string, Behaviour, RegExp, string][] = [
  ["answers 500", behaviours.status(500), /answers 500/, "UPSTREAM_UNAVAILABLE"],
  ["answers 503", behaviours.status(503, { "Retry-After": "7" }), /answers 503/, "UPSTREAM_UNAVAILABLE"],
  ["limits requests", behaviours.status(429, { "Retry-After": "7" }), /too many requests/, "UPSTREAM_LIMITED"],
  ["denies", behaviours.status(403), /may not be pulled/, "UPSTREAM_DENIED"],
  ["asks for credentials that nobody has", behaviours.status(401), /may not be pulled/, "UPSTREAM_DENIED"],
  ["answers nonsense", behaviours.status(418), /answers 418/, "UPSTREAM_INVALID"],
  ["is silent", behaviours.silent(), /in time/, "UPSTREAM_TIMEOUT"],
  ["drips", behaviours.drip(), /in time/, "UPSTREAM_TIMEOUT"],
  ["sends another manifest", behaviours.wrongManifest(two), /another digest/, "UPSTREAM_INVALID"],
  ["redirects for ever", behaviours.redirect("/v2/loop"), /redirects more than/, "UPSTREAM_INVALID"],
];

/** Short only if the test waits for their end. */
const timesFor = (code: string) => (code === "UPSTREAM_TIMEOUT" ? { answerMs: 700, recheckMs: 700 } : {});

describe("where upstream", () => {
  test.each(failures)("%s, the cached manifest is served with a warning", async (_what, behaviour, warning, code) => {
    await using upstream = await startUpstream();
    const digest = upstream.addManifest(name, "latest", one);
    const { cache, events } = await cacheOf(upstream, { times: timesFor(code) });
    await untilInTime(() => cache.repository(name, anonymous()).manifests.get(latest));
    // Only a tag that moved is fetched; the digest that HEAD gives is not the one of what comes.
    upstream.addManifest(name, "latest", manifestOf(new Uint8Array([3])));
    upstream.behave(async (request, response) => {
      const isHead = request.method === "HEAD" && code === "UPSTREAM_INVALID" && warning.source === "another digest";
      return isHead ? false : behaviour(request, response);
    });
    const stale = await cache.repository(name, anonymous()).manifests.get(latest);
    expect([stale.digest, warning.test(stale.warning ?? "")]).toEqual([digest, true]);
    expect(events.filter(({ kind }) => kind === "stale").length).toBe(1);
  });

  test.each(failures)(
    "%s, what is not cached is refused, and never as unknown",
    async (_what, behaviour, _text, code) => {
      await using upstream = await startUpstream();
      const { cache } = await cacheOf(upstream, { times: timesFor(code) });
      upstream.behave(behaviour);
      const wanted = referenceOf(`sha256:${"b".repeat(64)}`);
      expect(await refusalOf(cache.repository(name, anonymous()).manifests.get(wanted))).toBe(code);
    },
  );

  test("has lost the tag, the cached manifest is served with a warning", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addManifest(name, "latest", one);
    const { cache } = await cacheOf(upstream);
    await cache.repository(name, anonymous()).manifests.get(latest);
    upstream.removeTag(name, "latest");
    const stale = await cache.repository(name, anonymous()).manifests.get(latest);
    expect([stale.digest, stale.warning]).toEqual([digest, "served from the cache: latest is gone there"]);
  });

  test("cannot be reached, the cached manifest is served with a warning, at once after the first time", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addManifest(name, "latest", one);
    const { cache, events } = await cacheOf(upstream, { times: { firstMs: 60_000, longestMs: 60_000 } });
    await cache.repository(name, anonymous()).manifests.get(latest);
    await upstream[Symbol.asyncDispose]();
    const asked = () => events.filter(({ kind }) => kind === "request").length;
    const before = asked();
    const warnings = [
      await cache.repository(name, anonymous()).manifests.get(latest),
      await cache.repository(name, anonymous()).manifests.get(latest),
    ];
    expect(warnings.map((stale) => [stale.digest, stale.warning])).toEqual(
      Array.from({ length: 2 }, () => [
        digest,
        `served from the cache: ${upstream.host} cannot be reached: it refuses connections`,
      ]),
    );
    expect(asked() - before).toBe(1);
  });
});

test("a manifest that trickles is asked for again after its time limit", async () => {
  await using upstream = await startUpstream();
  upstream.addManifest(name, "latest", one);
  const times = { answerMs: 100, recheckMs: 100, firstMs: 0, longestMs: 0 };
  const { cache } = await cacheOf(upstream, { times });
  upstream.behave(behaviours.drip());
  const together = [
    cache.repository(name, anonymous()).manifests.get(latest),
    cache.repository(name, anonymous()).manifests.get(latest),
  ].map(refusalOf);
  expect(await Promise.all(together)).toEqual(["UPSTREAM_TIMEOUT", "UPSTREAM_TIMEOUT"]);
  // On a machine that is very slow, not even one was sent.
  expect(upstream.requests.length).toBeLessThanOrEqual(1);
  upstream.behave(undefined);
  const { warning } = await untilInTime(() => cache.repository(name, anonymous()).manifests.get(latest));
  expect(warning).toBeUndefined();
});

test("a manifest is served although the cache cannot be written, and that is told", async () => {
  await using upstream = await startUpstream();
  const digest = upstream.addManifest(name, "latest", one);
  const full = () => Promise.reject(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" }));
  const { cache, events } = await cacheOf(upstream, {
    wrapStore: (store) => ({ ...store, ...intercept(store, { objects: { put: full } }) }),
  });
  const served = await cache.repository(name, anonymous()).manifests.get(latest);
  expect([served.digest, events.filter(({ kind }) => kind === "uncached").length]).toEqual([digest, 1]);
});

test("a manifest that is not what its digest says is counted, not cached, and refused", async () => {
  await using upstream = await startUpstream();
  const digest = upstream.addManifest(name, "latest", one);
  const { cache, local, events } = await cacheOf(upstream);
  upstream.behave(behaviours.wrongManifest(two));
  expect(await refusalOf(cache.repository(name, anonymous()).manifests.get(referenceOf(digest)))).toBe(
    "UPSTREAM_INVALID",
  );
  expect(await refusalOf(local.repository(name, anonymous()).manifests.get(referenceOf(digest)))).toBe(
    "MANIFEST_UNKNOWN",
  );
  expect(events.filter(({ kind }) => kind === "wrong").length).toBe(1);
});

describe("a manifest that could not be pushed", () => {
  const image = JSON.parse(one) as Record<string, unknown>;
  const typed = (mediaType: string) => JSON.stringify({ ...image, mediaType });

  test.each([
    ["is an image and an index", JSON.stringify({ ...image, manifests: [] })],
    ["calls itself a page", typed("text/html")],
    ["calls itself an image that runs scripts", typed("image/svg+xml")],
    ["has a line break in its type", typed("application/json\r\nX-Injected: yes")],
    ["has a NUL in its type", typed("application/\u0000json")],
    ["has an emoji in its type", typed("application/😀")],
    ["has a type of a megabyte", typed(`application/${"x".repeat(1_000_000)}`)],
    ["has a config of no type", JSON.stringify({ ...image, config: { ...(image.config as object), mediaType: "\n" } })],
    ["says something twice", one.replace("{", '{"schemaVersion":2,')],
  ])("since it %s is not cached, and what is cached is served instead", async (_what, text) => {
    await using upstream = await startUpstream();
    const kept = upstream.addManifest(name, "latest", one);
    const { cache, local } = await cacheOf(upstream);
    await cache.repository(name, anonymous()).manifests.get(latest);
    const digest = upstream.addManifest(name, "latest", text);
    const stale = await cache.repository(name, anonymous()).manifests.get(latest);
    const isShort = (stale.warning ?? "").length < 1000;
    expect([stale.digest, /may not be stored/.test(stale.warning ?? ""), isShort]).toEqual([kept, true, true]);
    expect(await refusalOf(cache.repository(name, anonymous()).manifests.get(referenceOf(digest)))).toBe(
      "UPSTREAM_INVALID",
    );
    expect(await refusalOf(local.repository(name, anonymous()).manifests.get(referenceOf(digest)))).toBe(
      "MANIFEST_UNKNOWN",
    );
  });
});

test.each([
  [1000, 1500, 1000, true],
  [1000, 2000, 1000, false],
  [1000, 1000, 0, false],
  [2000, 1000, 5000, false],
])(
  "isFresh() of a tag confirmed at %p, looked at at %p, believed for %p, is %p",
  (confirmedMs, nowMs, freshMs, want) => {
    expect(isFresh({ confirmedMs, nowMs, freshMs })).toBe(want);
  },
);
