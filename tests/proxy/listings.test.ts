import { describe, expect, test } from "bun:test";
import { hashBytes } from "../../src/oci/hash.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { cacheManifest } from "../../src/registry/cached.ts";
import { cacheOf, manifestOf, named, referenceOf, refusalOf, untilInTime } from "./caching.ts";
import { behaviours, digestOf, startUpstream } from "./misbehaving-upstream.ts";

const name = named("team/app");
const one = manifestOf(new Uint8Array([1]));
const all = { limit: Number.POSITIVE_INFINITY, after: undefined };
const subject = digestOf("subject");
const request = { subject, artifactType: undefined, after: undefined };

describe("tags", () => {
  test("are those of upstream", async () => {
    await using upstream = await startUpstream();
    for (const tag of ["b", "a", "c"]) upstream.addManifest(name, tag, one);
    const { cache } = await cacheOf(upstream);
    const pages = [
      await cache.repository(name, anonymous()).tags.list(all),
      await cache.repository(name, anonymous()).tags.list({ limit: 2, after: undefined }),
      await cache.repository(name, anonymous()).tags.list({ limit: 2, after: "b" }),
      await cache.repository(name, anonymous()).tags.list({ limit: 0, after: undefined }),
    ];
    expect(pages).toEqual([
      { items: ["a", "b", "c"], hasMore: false },
      { items: ["a", "b"], hasMore: true },
      { items: ["c"], hasMore: false },
      { items: [], hasMore: true },
    ] as never);
  });

  test("on several pages come together", async () => {
    await using upstream = await startUpstream();
    upstream.behave((asked, response) => {
      const isFirst = !(asked.url ?? "").includes("last=b");
      if (isFirst) response.setHeader("Link", '</v2/team/app/tags/list?last=b>; rel="next"');
      response.end(JSON.stringify({ tags: isFirst ? ["a", "b", "no tag!", 7] : ["c"] }));
      return true;
    });
    const { cache } = await cacheOf(upstream);
    expect((await cache.repository(name, anonymous()).tags.list(all)).items).toEqual(["a", "b", "c"] as never);
  });

  test("are the cached ones, with a warning, while upstream is down or has lost the repository", async () => {
    await using upstream = await startUpstream();
    upstream.addManifest(name, "kept", one);
    upstream.addManifest(name, "other", one);
    const { cache } = await cacheOf(upstream, { times: { firstMs: 0, longestMs: 0 } });
    await cache.repository(name, anonymous()).manifests.get(referenceOf("kept"));
    const answers: unknown[] = [];
    for (const status of [503, 404]) {
      upstream.behave(behaviours.status(status));
      answers.push(await cache.repository(name, anonymous()).tags.list(all));
    }
    expect(answers).toEqual([
      { items: ["kept"], hasMore: false, warning: `only what is cached: ${upstream.host} answers 503` },
      { items: ["kept"], hasMore: false, warning: "only what is cached: the repository is gone there" },
    ]);
  });

  test("are so many in one answer, and the rest on further pages", async () => {
    await using upstream = await startUpstream();
    const many = Array.from({ length: 50_001 }, (_, index) => `t${String(index).padStart(6, "0")}`);
    upstream.behave(behaviours.text(JSON.stringify({ tags: many })));
    const { cache } = await cacheOf(upstream);
    const first = await cache.repository(name, anonymous()).tags.list(all);
    const rest = await cache.repository(name, anonymous()).tags.list({ ...all, after: first.items.at(-1) });
    expect([first.items.length, first.hasMore, rest]).toEqual([
      50_000,
      true,
      { items: ["t050000"], hasMore: false } as never,
    ]);
  });

  test("of a list without end are what is read of it", async () => {
    await using upstream = await startUpstream();
    let page = 0;
    upstream.behave((_request, response) => {
      page += 1;
      response.setHeader("Link", `</v2/team/app/tags/list?last=${page}>; rel="next"`);
      response.end(`{"tags":["t${page}"]}`);
      return true;
    });
    const { cache } = await cacheOf(upstream);
    const { items, hasMore } = await cache.repository(name, anonymous()).tags.list(all);
    expect([items.length, hasMore]).toEqual([100, true]);
  });

  test("are the cached ones, with a warning, where a page drips", async () => {
    await using upstream = await startUpstream();
    upstream.addManifest(name, "kept", one);
    const { cache } = await cacheOf(upstream, { times: { answerMs: 200 } });
    await untilInTime(() => cache.repository(name, anonymous()).manifests.get(referenceOf("kept")));
    upstream.behave(behaviours.drip());
    const warning = `only what is cached: ${upstream.host} does not answer in time`;
    expect(await cache.repository(name, anonymous()).tags.list(all)).toEqual({
      items: ["kept"],
      hasMore: false,
      warning,
    } as never);
  });

  test("of what is nowhere are unknown, and refused while upstream is down", async () => {
    await using upstream = await startUpstream();
    const { cache } = await cacheOf(upstream);
    expect(await refusalOf(cache.repository(name, anonymous()).tags.list(all))).toBe("NAME_UNKNOWN");
    upstream.behave(behaviours.status(503));
    expect(await refusalOf(cache.repository(name, anonymous()).tags.list(all))).toBe("UPSTREAM_UNAVAILABLE");
  });
});

const type = "application/vnd.oci.image.manifest.v1+json";
const listed = (text: string, artifactType: string) => ({
  mediaType: type,
  digest: digestOf(text),
  size: text.length,
  artifactType,
  annotations: { note: text },
});

describe("referrers", () => {
  const upstreamList = { schemaVersion: 2, manifests: [listed("b", "sbom"), listed("a", "signature"), { bad: true }] };

  test("are upstream's and the cached ones together", async () => {
    await using upstream = await startUpstream();
    upstream.behave((asked, response) => {
      if (!(asked.url ?? "").includes("/referrers/")) return false;
      response.end(JSON.stringify(upstreamList));
      return true;
    });
    const { cache, store } = await cacheOf(upstream);
    const text = manifestOf(new Uint8Array([9]), [], { subject: { mediaType: type, digest: subject, size: 7 } });
    const bytes = new TextEncoder().encode(text);
    const digest = hashBytes(bytes, "sha256");
    await cacheManifest(store, name, { bytes, digest, tag: undefined, upstream: "x" });
    const { items } = await cache.repository(name, anonymous()).referrers.list(request);
    expect(items.map((item) => item.digest)).toEqual([digest, digestOf("a"), digestOf("b")].sort());
    const filtered = await cache.repository(name, anonymous()).referrers.list({ ...request, artifactType: "sbom" });
    expect(filtered.items).toEqual([listed("b", "sbom")]);
    const after = await cache.repository(name, anonymous()).referrers.list({ ...request, after: items[1]?.digest });
    expect(after.items.length).toBe(1);
  });

  test("of an upstream without that API are those under the tag that clients use there", async () => {
    await using upstream = await startUpstream();
    const manifests = upstreamList.manifests.slice(0, 2);
    const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests };
    upstream.addManifest(name, subject.replace(":", "-"), JSON.stringify(index));
    const { cache } = await cacheOf(upstream);
    const { items, warning } = await cache.repository(name, anonymous()).referrers.list(request);
    expect([items.length, warning]).toEqual([2, undefined]);
    expect((await cache.repository(named("other"), anonymous()).referrers.list(request)).items).toEqual([]);
  });

  test("of a list without end are told to be a part of it", async () => {
    await using upstream = await startUpstream();
    upstream.behave((_request, response) => {
      response.setHeader("Link", `</v2/team/app/referrers/${subject}?more>; rel="next"`);
      response.end(JSON.stringify(upstreamList));
      return true;
    });
    const { cache } = await cacheOf(upstream);
    const { items, hasMore, warning } = await cache.repository(name, anonymous()).referrers.list(request);
    expect([items.length, hasMore, warning]).toEqual([2, false, `${upstream.host} lists more than is read here`]);
  });

  test("are the cached ones, with a warning, while upstream is down", async () => {
    await using upstream = await startUpstream();
    upstream.behave(behaviours.status(503));
    const { cache } = await cacheOf(upstream);
    expect(await cache.repository(name, anonymous()).referrers.list(request)).toEqual({
      items: [],
      hasMore: false,
      warning: `only what is cached: ${upstream.host} answers 503`,
    });
  });
});
