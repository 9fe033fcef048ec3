import { describe, expect, test } from "bun:test";
import { ClientError, PageClient } from "../../src/ui/page-client.ts";
import { tokenRegistry } from "./token-registry.ts";

const question = (scope: string, path = "/thing") => ({ path: `${path}?${new URLSearchParams({ scope })}`, scope });
const pull = question("pull");

/** The answer's "who", or status and code of the refusal. */
async function outcome(answer: Promise<unknown>): Promise<unknown> {
  try {
    return ((await answer) as { who?: string }).who;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return [error.status, error.code];
  }
}

describe("without access control", () => {
  test("nothing is proved, and no token asked for", async () => {
    const { client, asked } = tokenRegistry({ scheme: "none" });
    await client.findSession();
    await client.ask(pull);
    expect(asked).toEqual(["GET /-/api/v1/session", "GET /thing"]);
  });
});

describe("before a login", () => {
  test("an anonymous token is taken if there is one", async () => {
    const { client } = tokenRegistry({ allowsAnonymous: true });
    await client.findSession();
    expect(await outcome(client.askJson(pull))).toEqual("anonymous");
  });

  test("what needs a login is refused", async () => {
    const { client, expiries } = tokenRegistry();
    await client.findSession();
    expect([await outcome(client.askJson(pull)), expiries()]).toEqual([[401, "UNAUTHORIZED"], 0]);
  });
});

describe("with a token server", () => {
  test("a login keeps a token to buy others with, and not the password", async () => {
    const { client, asked } = tokenRegistry();
    await client.findSession();
    expect((await client.login("alice", "sécret")).user).toEqual("alice");
    expect(await outcome(client.askJson(pull))).toEqual("alice");
    expect(asked.slice(1)).toEqual([
      `GET /auth/token Basic ${Buffer.from("alice:sécret").toString("base64")}`,
      "POST /auth/token",
      "GET /-/api/v1/session Bearer alice//0",
      "POST /auth/token",
      "GET /thing Bearer alice/pull/0",
    ]);
  });

  test("a token serves until shortly before its end", async () => {
    const { client, asked, clock } = tokenRegistry();
    await client.findSession();
    await client.login("alice", "sécret");
    await client.ask(pull);
    const count = asked.length;
    await client.ask(pull);
    clock.nowMs = 50_001;
    await client.ask(pull);
    expect(asked.slice(count)).toEqual([
      "GET /thing Bearer alice/pull/0",
      "POST /auth/token",
      "GET /thing Bearer alice/pull/0",
    ]);
  });

  test("a token that is refused is bought once more", async () => {
    const { client, revoke, expiries } = tokenRegistry();
    await client.findSession();
    await client.login("alice", "sécret");
    await client.ask(pull);
    revoke("tokens");
    expect([await outcome(client.askJson(pull)), expiries()]).toEqual(["alice", 0]);
  });

  test("a login that is no longer good is told, and forgotten", async () => {
    const { client, revoke, expiries } = tokenRegistry();
    await client.findSession();
    await client.login("alice", "sécret");
    revoke("logins");
    expect([await outcome(client.askJson(pull)), expiries()]).toEqual([[401, "UNAUTHORIZED"], 1]);
    expect([await outcome(client.askJson(pull)), expiries()]).toEqual([[401, "UNAUTHORIZED"], 1]);
  });

  test("a server that gives nothing to buy tokens with is shown the password again", async () => {
    const { client } = tokenRegistry({ givesRefreshTokens: false });
    await client.findSession();
    await client.login("alice", "sécret");
    expect(await outcome(client.askJson(pull))).toEqual("alice");
  });

  test("a wrong password is refused, and changes nothing", async () => {
    const { client } = tokenRegistry();
    await client.findSession();
    await client.login("alice", "sécret");
    expect(await outcome(client.login("alice", "wrong"))).toEqual([401, "UNAUTHORIZED"]);
    expect(await outcome(client.askJson(pull))).toEqual("alice");
  });

  test("after logging out one is nobody", async () => {
    const { client } = tokenRegistry();
    await client.findSession();
    await client.login("alice", "sécret");
    client.logout();
    expect(await outcome(client.askJson(pull))).toEqual([401, "UNAUTHORIZED"]);
  });

  test("also if a token was being bought", async () => {
    const { client } = tokenRegistry({ allowsAnonymous: true });
    await client.findSession();
    await client.login("alice", "sécret");
    const asked = client.askJson(pull);
    client.logout();
    await outcome(asked);
    expect(await outcome(client.askJson(pull))).toEqual("anonymous");
  });

  test("tokens are kept for a number of scopes, not for all that there are", async () => {
    const { client, asked } = tokenRegistry();
    await client.findSession();
    await client.login("alice", "sécret");
    for (let index = 0; index < 250; index += 1) await client.ask(question(`scope${index}`));
    const count = asked.length;
    await client.ask(question("scope249"));
    await client.ask(question("scope0"));
    expect(asked.slice(count).map((line) => line.slice(0, 16))).toEqual([
      "GET /thing Beare",
      "POST /auth/token",
      "GET /thing Beare",
    ]);
  });
});

describe("without tokens", () => {
  test("the password goes with each request", async () => {
    const { client } = tokenRegistry({ scheme: "basic" });
    await client.findSession();
    expect(await outcome(client.login("alice", "wrong"))).toEqual([401, "UNAUTHORIZED"]);
    expect(await outcome(client.askJson(pull))).toEqual([401, "UNAUTHORIZED"]);
    await client.login("alice", "sécret");
    expect(await outcome(client.askJson(pull))).toEqual("alice");
  });

  test("a password that is no longer good is told, and forgotten", async () => {
    const { client, revoke, expiries } = tokenRegistry({ scheme: "basic" });
    await client.findSession();
    await client.login("alice", "sécret");
    revoke("logins");
    expect([await outcome(client.askJson(pull)), expiries()]).toEqual([[401, "UNAUTHORIZED"], 1]);
    expect([await outcome(client.askJson(pull)), expiries()]).toEqual([[401, "UNAUTHORIZED"], 1]);
  });
});

test("refusals and failures are told apart", async () => {
  const { client } = tokenRegistry();
  await client.findSession();
  await client.login("alice", "sécret");
  const aborted = new AbortController();
  aborted.abort();
  expect([
    await outcome(client.askJson(question("pull", "/secret"))),
    await outcome(client.ask({ path: "/broken" })),
    client.contentPath("team/app", "manifests/v1"),
  ]).toEqual([[403, "DENIED"], [0, "UNREACHABLE"], "/v2/team/app/manifests/v1"]);
  await expect(client.ask({ path: "/broken", signal: aborted.signal })).rejects.toThrow(TypeError);
});

test("everything is asked below the prefix, also the certificate", () => {
  const surroundings = { fetch, now: Date.now, prefix: "/some/where/", tokenServer: "", onExpired: () => {} };
  const client = new PageClient(surroundings);
  expect([client.apiPath("state"), client.contentPath("app", "tags/list"), client.authorityPath]).toEqual([
    "/some/where/-/api/v1/state",
    "/some/where/v2/app/tags/list",
    "/some/where/ca.crt",
  ]);
});
