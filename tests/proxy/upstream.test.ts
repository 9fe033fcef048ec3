import { describe, expect, test } from "bun:test";
import type { ProxyEvent } from "../../src/proxy/events.ts";
import { clientOf, named, referenceOf, refusalOf } from "./caching.ts";
import { type Behaviour, behaviours, digestOf, fail, startUpstream } from "./misbehaving-upstream.ts";

const name = named("team/app");
const latest = referenceOf("latest");
const blob = new TextEncoder().encode("0123456789");
const noAbort = new AbortController().signal;

async function textOf(chunks: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks ?? []) all.push(chunk);
  return Buffer.concat(all).toString();
}

describe("an upstream", () => {
  test("gives manifests, and says their digest on HEAD", async () => {
    await using server = await startUpstream();
    const digest = server.addManifest(name, "latest", '{"schemaVersion":2}');
    const client = clientOf(server);
    const got = await client.getManifest(name, latest);
    expect([got?.bytes.toString(), got?.digest, await client.headManifest(name, latest)]).toEqual([
      '{"schemaVersion":2}',
      digest,
      { digest },
    ]);
    expect(await client.getManifest(name, referenceOf("other"))).toBeUndefined();
    expect(await client.headManifest(name, referenceOf("other"))).toBeUndefined();
  });

  test("gives blobs, and parts of them", async () => {
    await using server = await startUpstream();
    const digest = server.addBlob(blob);
    const client = clientOf(server);
    const whole = await client.openBlob(name, digest, { offset: 0, signal: noAbort, isUrgent: false });
    const part = await client.openBlob(name, digest, { offset: 7, signal: noAbort, isUrgent: false });
    expect([whole?.startBytes, whole?.totalBytes, await textOf(whole?.chunks)]).toEqual([0, 10, "0123456789"]);
    expect([part?.startBytes, part?.totalBytes, await textOf(part?.chunks)]).toEqual([7, 10, "789"]);
    expect(await client.statBlob(name, digest)).toEqual({ sizeBytes: 10 });
    expect(await client.statBlob(name, digestOf("none"))).toBeUndefined();
  });

  test("that sends another range than was asked for is not believed", async () => {
    await using server = await startUpstream();
    const digest = server.addBlob(blob);
    server.behave(behaviours.status(206, { "Content-Range": "bytes 0-9/10" }));
    const asking = clientOf(server).openBlob(name, digest, { offset: 7, signal: noAbort, isUrgent: false });
    expect(await refusalOf(asking)).toBe("UPSTREAM_INVALID");
  });

  test("whose redirect refuses HEAD is asked by GET, of which the head is enough", async () => {
    await using server = await startUpstream();
    const digest = server.addBlob(blob);
    server.behave((...asked) => asked[0].method === "HEAD" && behaviours.status(403)(...asked));
    expect(await clientOf(server).statBlob(name, digest)).toEqual({ sizeBytes: 10 });
  });

  test("with a path before the API is asked there", async () => {
    await using server = await startUpstream();
    const client = clientOf({ url: new URL("/some/where/", server.url), host: server.host });
    await client.headManifest(name, latest);
    expect(server.asked()).toEqual(["HEAD /some/where/v2/team/app/manifests/latest"]);
  });

  test("that sends a manifest without end is cut", async () => {
    await using server = await startUpstream();
    server.behave((_request, response) => {
      const chunk = new Uint8Array(1024 * 1024);
      const more = () => void (!response.destroyed && response.write(chunk, more));
      more();
      return true;
    });
    expect(await refusalOf(clientOf(server).getManifest(name, latest))).toBe("UPSTREAM_INVALID");
  });

  test("is left alone for a while after a failure, and asked again then", async () => {
    await using server = await startUpstream();
    server.addManifest(name, "latest", '{"schemaVersion":2}');
    const clock = { ms: Date.now() };
    const client = clientOf(server, { now: () => clock.ms });
    server.behave(behaviours.status(503, { "Retry-After": "2" }));
    const codes = [
      await refusalOf(client.getManifest(name, latest)),
      await refusalOf(client.getManifest(name, latest)),
    ];
    const asked = server.requests.length;
    server.behave(undefined);
    clock.ms += 2001;
    expect([codes, asked, (await client.getManifest(name, latest)) !== undefined]).toEqual([
      ["UPSTREAM_UNAVAILABLE", "UPSTREAM_UNAVAILABLE"],
      1,
      true,
    ]);
  });

  test("that is dead is no deader for many who ask at once", async () => {
    const nobody = { url: new URL("http://127.0.0.1:1"), host: "127.0.0.1:1" };
    const times = {
      answerMs: 60_000,
      recheckMs: 60_000,
      stallMs: 300,
      pauseMs: 5,
      leastRate: { bytesPerSecond: 0, windowMs: 1000 },
      firstMs: 1000,
      longestMs: 30_000,
    };
    const client = clientOf(nobody, { times, now: () => 0 });
    await Promise.all(Array.from({ length: 8 }, () => refusalOf(client.getManifest(name, latest))));
    const error = await client.getManifest(name, latest).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: "UPSTREAM_UNREACHABLE", refusal: { retryAfterSeconds: 1 } });
  });

  test("that limits requests says for how long, and blobs are asked for all the same", async () => {
    await using server = await startUpstream();
    const digest = server.addBlob(blob);
    const client = clientOf(server);
    server.behave(behaviours.status(429, { "Retry-After": "77" }));
    const error = await client.getManifest(name, latest).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: "UPSTREAM_LIMITED", refusal: { retryAfterSeconds: 77 } });
    server.behave(undefined);
    expect(await client.statBlob(name, digest)).toEqual({ sizeBytes: 10 });
  });

  test("tells how many pulls it still allows", async () => {
    await using server = await startUpstream();
    server.behave((_request, response) => {
      response.setHeader("ratelimit-remaining", "76;w=21600");
      return false;
    });
    const events: ProxyEvent[] = [];
    await clientOf(server, { events }).headManifest(name, latest);
    expect(events.filter(({ kind }) => kind === "quota")).toEqual([
      { kind: "quota", upstream: server.host, remaining: 76 },
    ]);
  });

  test("chooses the next page of a list only within the repository", async () => {
    await using server = await startUpstream();
    const links: Record<string, string> = {
      "/v2/team/app/tags/list": '</v2/team/app/tags/list?last=b>; rel="next"',
      "/v2/team/app/tags/list?last=b": `<${server.url.origin}/v2/other/tags/list>; rel="next"`,
    };
    server.behave((request, response) => {
      response.setHeader("Link", links[request.url ?? ""] ?? "");
      response.end("[]");
      return true;
    });
    const client = clientOf(server);
    const nexts = [
      (await client.getList(name, "tags/list"))?.next,
      (await client.getList(name, "tags/list?last=b"))?.next,
    ];
    expect(nexts).toEqual(["tags/list?last=b", undefined]);
  });
});

describe("check()", () => {
  const user = { username: "alice", password: "secret" };
  const wantsBasic: Behaviour = ({ headers }, response) => {
    const isAlice = headers.authorization === `Basic ${btoa("alice:secret")}`;
    fail(response, isAlice ? 200 : 401, { "WWW-Authenticate": 'Basic realm="up"' });
    return true;
  };
  /** A token server at /token, which knows alice. */
  const wantsToken: Behaviour = ({ url = "", headers }, response) => {
    const realm = `http://${headers.host}/token`;
    if (!url.startsWith("/token")) fail(response, 401, { "WWW-Authenticate": `Bearer realm="${realm}",service="up"` });
    else if (headers.authorization === `Basic ${btoa("alice:secret")}`) response.end('{"token":"t"}');
    else fail(response, 401);
    return true;
  };

  test.each([
    ["an open registry", behaviours.status(200), undefined, undefined],
    ["one that wants a user, without one", wantsBasic, undefined, undefined],
    ["one that wants a user, with the right one", wantsBasic, user, undefined],
    ["one that wants a user, with another one", wantsBasic, { ...user, password: "x" }, "UPSTREAM_DENIED"],
    ["one that wants a token, without a user", wantsToken, undefined, undefined],
    ["one that wants a token, with the right user", wantsToken, user, undefined],
    ["one that wants a token, with another user", wantsToken, { ...user, password: "x" }, "UPSTREAM_DENIED"],
    ["a web server that is no registry", behaviours.status(404), undefined, "UPSTREAM_INVALID"],
    ["one that is out of order", behaviours.status(503), undefined, "UPSTREAM_UNAVAILABLE"],
    ["one that never answers", behaviours.silent(), undefined, "UPSTREAM_TIMEOUT"],
  ])("of %s", async (_name, behaviour, credentials, want) => {
    await using server = await startUpstream({ isBaseOpen: false });
    server.behave(behaviour);
    const limitMs = want === "UPSTREAM_TIMEOUT" ? 200 : 60_000;
    const times = {
      answerMs: limitMs,
      recheckMs: limitMs,
      stallMs: limitMs,
      pauseMs: 5,
      leastRate: { bytesPerSecond: 0, windowMs: 1000 },
      firstMs: 30,
      longestMs: 100,
    };
    const checking = clientOf(server, { credentials: async () => credentials, times }).check();
    expect(want === undefined ? await checking : await refusalOf(checking)).toBe(want as undefined);
  });

  test("of a registry that speaks plain HTTP says how to write it", async () => {
    await using server = await startUpstream({ isBaseOpen: false });
    const url = new URL(`https://${server.host}`);
    await expect(clientOf({ url, host: server.host }).check()).rejects.toThrow(
      `${server.host} does not speak TLS; if it serves plain HTTP, write http://${server.host}`,
    );
  });
});
