import { describe, expect, test } from "bun:test";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pullScope, UpstreamAuthorization } from "../../src/client/upstream-token.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import type { ProxyEvent } from "../../src/proxy/events.ts";
import { clientOf, named, referenceOf, refusalOf } from "../proxy/caching.ts";
import {
  type Behaviour,
  behaviours,
  fail,
  type MisbehavingUpstream,
  startUpstream,
} from "../proxy/misbehaving-upstream.ts";

const name = named("team/app");
const latest = referenceOf("latest");
const basic = `Basic ${Buffer.from("alice:secret").toString("base64")}`;
const alice = async () => ({ username: "alice", password: "secret" });

interface TokenServerOptions {
  readonly expiresIn?: number;
  /** Where the realm lies; the upstream itself where absent. */
  readonly realm?: string;
  readonly answer?: (response: ServerResponse) => void;
}

/** Wants the last token that it gave, and gives one to whoever asks. */
function tokenUpstream(server: MisbehavingUpstream, options: TokenServerOptions = {}): Behaviour & { revoke(): void } {
  let count = 0;
  let valid = "";
  const behaviour = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "", "http://x");
    if (url.pathname === "/token") {
      count += 1;
      valid = `token-${count}`;
      if (options.answer !== undefined) options.answer(response);
      else response.end(JSON.stringify({ token: valid, expires_in: options.expiresIn ?? 300 }));
      return true;
    }
    if (valid !== "" && request.headers.authorization === `Bearer ${valid}`) return false;
    const realm = options.realm ?? `${server.url.origin}/token`;
    fail(response, 401, { "WWW-Authenticate": `Bearer realm="${realm}",service="reg",scope="repository:other:push"` });
    return true;
  };
  return Object.assign(behaviour, {
    revoke: () => {
      valid = "revoked";
    },
  });
}

describe("a bearer token", () => {
  test("is fetched for the repository, to pull, with the credentials, and kept", async () => {
    await using server = await startUpstream();
    server.addManifest(name, "latest", '{"schemaVersion":2}');
    server.behave(tokenUpstream(server));
    const client = clientOf(server, { credentials: alice });
    await client.getManifest(name, latest);
    await client.getManifest(name, latest);
    expect(server.requests.map(({ path, authorization }) => [path, authorization])).toEqual([
      ["/v2/team/app/manifests/latest", undefined],
      ["/token?service=reg&scope=repository%3Ateam%2Fapp%3Apull", basic],
      ["/v2/team/app/manifests/latest", "Bearer token-1"],
      ["/v2/team/app/manifests/latest", "Bearer token-1"],
    ]);
  });

  test("is fetched again when it has expired, without another challenge", async () => {
    await using server = await startUpstream();
    server.addManifest(name, "latest", '{"schemaVersion":2}');
    server.behave(tokenUpstream(server, { expiresIn: 60 }));
    const clock = { ms: Date.now() };
    const client = clientOf(server, { now: () => clock.ms });
    await client.getManifest(name, latest);
    clock.ms += 55_000;
    server.requests.length = 0;
    await client.getManifest(name, latest);
    expect(server.requests.map(({ path }) => path.split("?")[0])).toEqual(["/token", "/v2/team/app/manifests/latest"]);
  });

  test.each([{}, { token: "" }, { token: null }])("beside %p may be called access_token", async (fields) => {
    await using server = await startUpstream();
    server.addManifest(name, "latest", '{"schemaVersion":2}');
    const answer = JSON.stringify({ ...fields, access_token: "token-1" });
    server.behave(tokenUpstream(server, { answer: (response) => void response.end(answer) }));
    expect((await clientOf(server).getManifest(name, latest))?.bytes.length).toBe(19);
  });

  test("is fetched again when it is refused", async () => {
    await using server = await startUpstream();
    server.addManifest(name, "latest", '{"schemaVersion":2}');
    const behaviour = tokenUpstream(server);
    server.behave(behaviour);
    const client = clientOf(server);
    await client.getManifest(name, latest);
    behaviour.revoke();
    server.requests.length = 0;
    expect((await client.getManifest(name, latest))?.bytes.length).toBe(19);
    expect(server.requests.length).toBe(3);
  });

  test("is fetched once for many requests at once", async () => {
    await using server = await startUpstream();
    server.addManifest(name, "latest", '{"schemaVersion":2}');
    server.behave(tokenUpstream(server));
    const client = clientOf(server);
    await client.getManifest(name, latest);
    await Promise.all(Array.from({ length: 10 }, () => client.getManifest(named("other/app"), latest)));
    expect(
      server
        .asked()
        .filter((line) => line.includes("other"))
        .filter((line) => line.includes("token")).length,
    ).toBe(1);
  });

  test("is asked for as anybody where the token server is not bound to the upstream", async () => {
    await using server = await startUpstream();
    await using elsewhere = await startUpstream();
    server.behave(tokenUpstream(server, { realm: `${elsewhere.url.origin}/token` }));
    elsewhere.behave(behaviours.text('{"access_token":"t"}'));
    const events: ProxyEvent[] = [];
    const client = clientOf(server, { credentials: alice, events });
    await refusalOf(client.getManifest(name, latest));
    expect(elsewhere.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(events.filter(({ kind }) => kind === "unbound")).toEqual([
      { kind: "unbound", upstream: server.host, realm: elsewhere.host },
    ]);
    const bound = clientOf(server, { credentials: alice, realms: [elsewhere.host] });
    await refusalOf(bound.getManifest(name, latest));
    expect(elsewhere.requests.at(-1)?.authorization).toBe(basic);
  });

  test.each([
    ["https://up.test", "http://up.test/token", []],
    [
      "https://up.test",
      "https://up.test/token",
      ["https://up.test/token?service=s&scope=repository%3Ateam%2Fapp%3Apull"],
    ],
    ["http://up.test", "http://up.test/token", ["http://up.test/token?service=s&scope=repository%3Ateam%2Fapp%3Apull"]],
  ])("for %p from %p is asked for only where it does not travel more openly", async (home, realm, asked) => {
    const urls: string[] = [];
    const authorization = new UpstreamAuthorization({
      home: new URL(home),
      realms: [],
      credentials: alice,
      ask: async ({ url }) => {
        urls.push(url.href);
        throw new RegistryError("UPSTREAM_UNREACHABLE", {});
      },
      now: Date.now,
      timeoutMs: 1000,
      report: () => undefined,
    });
    const demand = { scheme: "bearer", realm: new URL(realm), service: "s", sender: "public" } as const;
    const refusal = await refusalOf(authorization.meet(demand, pullScope(name)));
    expect([refusal, urls]).toEqual([asked.length === 0 ? "UPSTREAM_INVALID" : "UPSTREAM_UNREACHABLE", asked]);
  });

  test("is asked for with an identity token in a form, never with it as a password", async () => {
    const asked: unknown[] = [];
    const authorization = new UpstreamAuthorization({
      home: new URL("https://up.test"),
      realms: "any",
      credentials: async () => ({ username: "<token>", password: "", identityToken: "kept" }),
      ask: async ({ method, url, authorization: header, body, headers }) => {
        asked.push([method, url.href, header, body, headers["Content-Type"]]);
        throw new RegistryError("UPSTREAM_UNREACHABLE", {});
      },
      now: Date.now,
      timeoutMs: 1000,
      report: () => undefined,
    });
    const realm = new URL("https://elsewhere.test/token");
    const scopes = ["repository:a:pull", "repository:b:pull,push"];
    await refusalOf(authorization.meet({ scheme: "bearer", realm, service: "s", sender: "public" }, scopes));
    expect(asked).toEqual([
      [
        "POST",
        "https://elsewhere.test/token",
        undefined,
        "grant_type=refresh_token&client_id=registry&refresh_token=kept&service=s&scope=repository%3Aa%3Apull+repository%3Ab%3Apull%2Cpush",
        "application/x-www-form-urlencoded",
      ],
    ]);
    expect(await authorization.meet({ scheme: "basic", sender: "public" }, scopes)).toBeUndefined();
  });

  test("server that is no help is forgotten, since the upstream may have another one by then", async () => {
    await using server = await startUpstream();
    server.addManifest(name, "latest", '{"schemaVersion":2}');
    const client = clientOf(server);
    server.behave(tokenUpstream(server, { answer: (response) => void response.end("<html>") }));
    expect(await refusalOf(client.getManifest(name, latest))).toBe("UPSTREAM_INVALID");
    server.behave(tokenUpstream(server, { realm: `${server.url.origin}/token?new` }));
    expect((await client.getManifest(name, latest))?.bytes.length).toBe(19);
    expect(server.asked().at(-2)).toStartWith("GET /token?new");
  });

  test("server that redirects elsewhere does not take the credentials along", async () => {
    await using server = await startUpstream();
    await using elsewhere = await startUpstream();
    const redirect = (response: ServerResponse) => fail(response, 302, { Location: `${elsewhere.url.origin}/steal` });
    server.behave(tokenUpstream(server, { answer: redirect }));
    await refusalOf(clientOf(server, { credentials: alice }).getManifest(name, latest));
    expect(elsewhere.requests.map(({ path, authorization }) => [path, authorization])).toEqual([["/steal", undefined]]);
  });

  test.each<[string, (response: ServerResponse) => void, string]>([
    ["no JSON", (response) => void response.end("<html>"), "UPSTREAM_INVALID"],
    ["no token", (response) => void response.end("{}"), "UPSTREAM_INVALID"],
    ["a token with a line break", (response) => void response.end('{"token":"a\\r\\nX: y"}'), "UPSTREAM_INVALID"],
    ["a long one", (response) => void response.end(`{"token":"${"a".repeat(40_000)}"}`), "UPSTREAM_INVALID"],
    ["401", (response) => fail(response, 401), "UPSTREAM_DENIED"],
    ["404 with a token", (response) => void response.writeHead(404).end('{"token":"token-1"}'), "UPSTREAM_INVALID"],
    ["503", (response) => fail(response, 503), "UPSTREAM_UNAVAILABLE"],
    ["a byte now and then", (response) => void behaviours.drip()(response.req, response), "UPSTREAM_TIMEOUT"],
    ["too much", (response) => void response.end(`{"token":"a"${" ".repeat(300_000)}}`), "UPSTREAM_INVALID"],
  ])("server that answers %s is no help", async (_what, answer, code) => {
    await using server = await startUpstream();
    server.behave(tokenUpstream(server, { answer }));
    // Only what never ends is waited for.
    const limitMs = code === "UPSTREAM_TIMEOUT" ? 300 : 60_000;
    const times = {
      answerMs: limitMs,
      recheckMs: limitMs,
      stallMs: limitMs,
      pauseMs: 5,
      leastRate: { bytesPerSecond: 0, windowMs: 1000 },
      firstMs: 30,
      longestMs: 100,
    };
    expect(await refusalOf(clientOf(server, { times }).getManifest(name, latest))).toBe(code);
  });
});

describe("Basic", () => {
  const wantsBasic: Behaviour = (request, response) => {
    if (request.headers.authorization === basic) return false;
    fail(response, 401, { "WWW-Authenticate": 'Basic realm="registry"' });
    return true;
  };

  test("credentials go to the upstream itself, and without asking after the first time", async () => {
    await using server = await startUpstream();
    server.addManifest(name, "latest", '{"schemaVersion":2}');
    server.behave(wantsBasic);
    const client = clientOf(server, { credentials: alice });
    await client.getManifest(name, latest);
    await client.headManifest(name, latest);
    expect(server.requests.map(({ method, authorization }) => [method, authorization])).toEqual([
      ["GET", undefined],
      ["GET", basic],
      ["HEAD", basic],
    ]);
  });

  test.each([
    ["nobody's", async () => undefined],
    ["wrong", async () => ({ username: "alice", password: "wrong" })],
    ["of a helper that fails", () => Promise.reject(new Error("no helper"))],
  ])("credentials that are %s are denied", async (_what, credentials) => {
    await using server = await startUpstream();
    server.behave(wantsBasic);
    expect(await refusalOf(clientOf(server, { credentials }).getManifest(name, latest))).toBe("UPSTREAM_DENIED");
  });
});
