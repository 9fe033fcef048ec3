import { describe, expect, test } from "bun:test";
import { RegistryApi, type RegistryApiLimits } from "../../src/client/registry-api.ts";
import { RegistryClient } from "../../src/client/registry-client.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { named, referenceOf, refusalOf } from "../proxy/caching.ts";
import {
  type Behaviour,
  behaviours,
  digestOf,
  fail,
  type MisbehavingUpstream,
  startUpstream,
} from "../proxy/misbehaving-upstream.ts";

const name = named("team/app");
const signal = new AbortController().signal;

function apiOf(server: MisbehavingUpstream, limits: Partial<RegistryApiLimits> = {}): RegistryApi {
  const client = new RegistryClient({
    host: server.host,
    url: server.url,
    ca: undefined,
    realms: "any",
    credentials: async () => undefined,
    resolve: async () => ["192.0.2.1"],
    isProxied: () => false,
    answerMs: 60_000,
    now: Date.now,
    report: () => undefined,
  });
  return new RegistryApi(client, { signal, pauseMs: 1, ...limits });
}

async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<readonly (readonly T[])[]> {
  const all: (readonly T[])[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

/** Answers paths with a body, and the path of the next page. */
const pages =
  (bodies: Readonly<Record<string, readonly [body: unknown, next?: string]>>): Behaviour =>
  ({ url = "" }, response) => {
    const page = bodies[url];
    if (page === undefined) return false;
    const [body, next] = page;
    response.writeHead(200, next === undefined ? {} : { Link: `<${next}>; rel="next"` });
    response.end(JSON.stringify(body));
    return true;
  };

describe("lists", () => {
  test("are read page by page", async () => {
    await using server = await startUpstream();
    server.behave(
      pages({
        "/v2/_catalog?n=1000": [{ repositories: ["a", 1] }, "/v2/_catalog?n=1000&last=a"],
        "/v2/_catalog?n=1000&last=a": [{ repositories: ["b"] }],
        "/v2/team/app/tags/list?n=1000": [{ tags: null }],
      }),
    );
    expect(await collect(apiOf(server).listRepositories())).toEqual([["a"], ["b"]]);
    expect(await collect(apiOf(server).listTags(name))).toEqual([[]]);
    expect(await collect(apiOf(server).listTags(named("other")))).toEqual([]);
  });

  test("that lead to themselves end", async () => {
    await using server = await startUpstream();
    const first = "/v2/_catalog?n=1000";
    server.behave(pages({ [first]: [{ repositories: ["a"] }, first] }));
    expect(await refusalOf(collect(apiOf(server).listRepositories()))).toBe("UPSTREAM_INVALID");
  });

  test("that drip, and would never stall, are given up", async () => {
    await using server = await startUpstream();
    server.behave((_request, response) => {
      response.writeHead(200);
      const dripping = setInterval(() => response.write(" "), 5);
      response.on("close", () => clearInterval(dripping));
      return true;
    });
    expect(await refusalOf(collect(apiOf(server, { wholeMs: 30 }).listTags(name)))).toBe("UPSTREAM_TIMEOUT");
  });

  test("whose pages together take too long are given up", async () => {
    await using server = await startUpstream();
    let page = 0;
    server.behave((_request, response) => {
      page += 1;
      response.writeHead(200, { Link: `</v2/_catalog?n=1000&last=${page}>; rel="next"` });
      setTimeout(() => response.end('{"repositories":["a"]}'), 5);
      return true;
    });
    const listed = collect(apiOf(server, { listMs: 30 }).listRepositories());
    expect(await refusalOf(listed)).toBe("UPSTREAM_INVALID");
    expect(page).toBeLessThan(10);
  });

  test("that are none are refused", async () => {
    await using server = await startUpstream();
    server.behave(behaviours.text("<html>"));
    expect(await refusalOf(collect(apiOf(server).listTags(name)))).toBe("UPSTREAM_INVALID");
  });

  test("are asked for again where the registry fails in passing", async () => {
    await using server = await startUpstream();
    let left = 2;
    server.behave((_request, response) => {
      left -= 1;
      if (left >= 0) fail(response, 503);
      else response.end('{"tags":["v1"]}');
      return true;
    });
    expect(await collect(apiOf(server).listTags(name))).toEqual([["v1"]]);
  });
});

describe("content", () => {
  test("is what its digest says, or refused", async () => {
    await using server = await startUpstream();
    const text = '{"schemaVersion":2}';
    const digest = server.addManifest(name, "v1", text);
    const blob = server.addBlob(new TextEncoder().encode("blob"));
    const api = apiOf(server);
    const manifest = await api.getManifest(name, referenceOf("v1"));
    expect([Buffer.from(manifest?.bytes ?? []).toString(), manifest?.digest, manifest?.contentType]).toEqual([
      text,
      digest,
      "application/json",
    ]);
    expect(await api.headManifest(name, referenceOf("v1"))).toEqual({ digest });
    expect(await api.getManifest(name, referenceOf("v2"))).toBeUndefined();
    expect(Buffer.from((await api.getBlob(name, blob, 10)) ?? []).toString()).toBe("blob");
    expect(await api.getBlob(name, digestOf("none"), 10)).toBeUndefined();
    expect(await refusalOf(api.getBlob(name, blob, 3))).toBe("UPSTREAM_INVALID");
    server.behave(behaviours.text("else"));
    expect(await refusalOf(api.getBlob(name, blob, 10))).toBe("UPSTREAM_INVALID");
    expect(await refusalOf(api.getManifest(name, { kind: "digest", digest }))).toBe("UPSTREAM_INVALID");
  });
});

describe("referrers", () => {
  const subject = digestOf("subject");
  const [entry, other] = [{ digest: digestOf("one") }, { digest: digestOf("two") }];

  test("come from the registry's list, which may have pages", async () => {
    await using server = await startUpstream();
    const path = `/v2/team/app/referrers/${subject}`;
    server.behave(
      pages({ [path]: [{ manifests: [entry] }, `${path}?last=x`], [`${path}?last=x`]: [{ manifests: [other] }] }),
    );
    expect(await collect(apiOf(server).listReferrers(name, subject))).toEqual([[entry], [other]]);
  });

  test.each([404, 400])("come from a tag where the list is answered %p", async (status) => {
    await using server = await startUpstream();
    server.addManifest(name, subject.replace(":", "-"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    server.behave(({ url = "" }, response) => {
      if (!url.includes("/referrers/")) return false;
      fail(response, status);
      return true;
    });
    expect(await collect(apiOf(server).listReferrers(name, subject))).toEqual([[entry]]);
    expect(await collect(apiOf(server).listReferrers(name, digestOf("other")))).toEqual([]);
  });

  test("of a long digest are under a tag that is cut", async () => {
    await using server = await startUpstream();
    const long = `sha512:${"ab".repeat(64)}` as Digest;
    server.addManifest(name, `sha512-${"ab".repeat(32)}`, JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    expect(await collect(apiOf(server).listReferrers(name, long))).toEqual([[entry]]);
  });

  test("that may not be seen are an error", async () => {
    await using server = await startUpstream();
    server.behave(behaviours.status(403));
    expect(await refusalOf(collect(apiOf(server).listReferrers(name, subject)))).toBe("UPSTREAM_DENIED");
  });
});

test.each([
  [202, "deleted"],
  [404, "absent"],
  [405, "unsupported"],
  [400, "unsupported"],
  [403, "UPSTREAM_DENIED"],
  [301, "UPSTREAM_INVALID"],
])("a deletion that is answered %p is %p", async (status, want) => {
  await using server = await startUpstream();
  server.behave(behaviours.status(status));
  const answers = [apiOf(server).deleteTag(name, "v1" as never), apiOf(server).deleteManifest(name, digestOf("x"))];
  for (const answer of answers) expect(await answer.catch(({ code }) => code)).toBe(want);
  expect([...server.asked()].sort()).toEqual([
    `DELETE /v2/team/app/manifests/${digestOf("x")}`,
    "DELETE /v2/team/app/manifests/v1",
  ]);
});
