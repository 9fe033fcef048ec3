import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAccess } from "../../../src/app/access/open-access.ts";
import { StartError } from "../../../src/app/start-error.ts";
import { parseTokenQuery } from "../../../src/auth/token-request.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { startOidcIssuer } from "../../auth/issuers.ts";
import { named } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const logger = createLogger({ level: "error", format: "text", write: () => {}, now: Date.now });
const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });

/** What opens with these variables; a file of users in the data directory where one is given. */
async function opened(
  env: Readonly<Record<string, string>>,
  { users, hasFile = false }: { readonly users?: string; readonly hasFile?: boolean } = {},
) {
  const directory = temporaryDirectory();
  if (users !== undefined) writeFileSync(join(directory.path, "htpasswd"), users);
  const { configuration } = await loadConfiguration({ path: undefined, env, flags: {} });
  const dependencies = { dataDirectory: directory.path, logger, now: Date.now, hasFile };
  return { directory, access: await openAccess(configuration, dependencies) };
}

const pub = '[{repositories: ["pub/**"], actions: [pull]}]';

const challenge = (need: "login") =>
  ({ authorization: null, remote: "", origin: "http://r.test/", need: { kind: need } }) as const;

async function challengeOf(access: Awaited<ReturnType<typeof opened>>["access"]): Promise<unknown> {
  const visitor = challenge("login");
  const caller = await access?.door.identify(visitor);
  try {
    if (caller !== undefined) access?.door.admit(visitor, caller);
    return undefined;
  } catch (error) {
    return (error as { refusal: { headers: Record<string, string> } }).refusal.headers["WWW-Authenticate"];
  }
}

describe("openAccess()", () => {
  test("without a word about it everybody may do everything", async () => {
    const { directory, access } = await opened({});
    using _directory = directory;
    expect(access).toBeUndefined();
  });

  test("immutable tags need no users; rules do", async () => {
    const immutable = '[{repositories: ["**"], tags: ["v*"]}]';
    const { directory, access } = await opened({ REGISTRY_ACCESS_IMMUTABLE: immutable });
    using _directory = directory;
    expect(access).toBeUndefined();
    const rules = { REGISTRY_ACCESS_IMMUTABLE: immutable, REGISTRY_ACCESS_TOKENS: "true" };
    expect(await opened(rules).catch((error) => error)).toBeInstanceOf(StartError);
  });

  test("a file of users in the data directory is enough, where there is no configuration file", async () => {
    const on = await opened({}, { users: `alice:${hash}` });
    const off = await opened({}, { users: `alice:${hash}`, hasFile: true });
    using _on = on.directory;
    using _off = off.directory;
    expect([await challengeOf(on.access), off.access]).toEqual(['Basic realm="registry", charset="UTF-8"', undefined]);
  });

  test("anonymous callers need our token server, since docker asks for nothing else", async () => {
    const { directory, access } = await opened({ REGISTRY_ACCESS_ANONYMOUS: pub }, { users: `alice:${hash}` });
    using _directory = directory;
    expect(await challengeOf(access)).toBe('Bearer realm="http://r.test/auth/token",service="registry"');
    const query = new URLSearchParams("service=registry&scope=repository:pub/app:pull");
    const answer = await access?.answerTokenRequest?.(parseTokenQuery(query, undefined), "");
    expect(answer?.token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  test.each([
    ["a Basic challenge", {}, /^Basic realm="registry"/],
    [
      "tokens where access.tokens is on",
      { REGISTRY_ACCESS_TOKENS: "true" },
      /^Bearer realm="http:\/\/r\.test\/auth\/token"/,
    ],
    ["tokens with anonymous callers", { REGISTRY_ACCESS_ANONYMOUS: pub }, /^Bearer realm=/],
  ])("the tokens of CI jobs are enough without users: %s", async (_what, env, challenge) => {
    using issuer = startOidcIssuer();
    const oidc = `[{issuer: '${issuer.url}', audience: r.test}]`;
    const { directory, access } = await opened({ REGISTRY_ACCESS_OIDC: oidc, ...env }, { hasFile: true });
    using _directory = directory;
    const password = await issuer.issue({ aud: "r.test", sub: "job" });
    const loggedIn = await access?.door.login({ username: "oidc", password }, "");
    const guess = access?.door.login({ username: "docker", password: "guess" }, "");
    expect([access?.hasUsers, await challengeOf(access), loggedIn?.identity.kind, guess]).toEqual([
      false,
      expect.stringMatching(challenge),
      "workload",
      expect.any(Promise),
    ]);
    expect(guess).rejects.toThrow("wrong user name or password");
  });

  test.each([
    ["2", ["UNAUTHORIZED", "UNAUTHORIZED", "TOO_MANY_REQUESTS"]],
    ["0", ["UNAUTHORIZED", "UNAUTHORIZED", "UNAUTHORIZED"]],
  ])("http.limits.loginfailures: %s", async (most, want) => {
    const env = { REGISTRY_HTTP_LIMITS_LOGINFAILURES: most };
    const { directory, access } = await opened(env, { users: `alice:${hash}` });
    using _directory = directory;
    const visitor = { ...challenge("login"), remote: "192.0.2.1" };
    const codes: string[] = [];
    for (const password of ["a", "b", "c"]) {
      const asked = access?.door.identify({ ...visitor, authorization: `Basic ${btoa(`alice:${password}`)}` });
      await asked?.catch((error: { readonly code: string }) => codes.push(error.code));
    }
    expect(codes).toEqual(want);
  });

  test("other rules count from the next request on", async () => {
    const { directory, access } = await opened({}, { users: `alice:${hash}` });
    using _directory = directory;
    const alice = { identity: { kind: "user", name: "alice" }, grant: undefined } as const;
    const may = () => access?.door.mayPull(alice, named("team/app"));
    const before = may();
    access?.reload({ anonymous: [], groups: {}, rules: [] });
    expect([before, may()]).toEqual([true, false]);
  });

  test("a missing file is made with a user whose password is told once", async () => {
    using place = temporaryDirectory();
    const path = join(place.path, "users");
    const { directory, access } = await opened({ REGISTRY_AUTH_HTPASSWD_PATH: path }, { hasFile: true });
    using _directory = directory;
    const { name = "", password = "" } = access?.madeUser ?? {};
    const [user, made = ""] = readFileSync(path, "utf8").trim().split(":");
    expect([user, name, await Bun.password.verify(password, made), statSync(path).mode & 0o777]).toEqual([
      "docker",
      "docker",
      true,
      0o600,
    ]);
    const again = await opened({ REGISTRY_AUTH_HTPASSWD_PATH: path }, { hasFile: true });
    using _again = again.directory;
    expect(again.access?.madeUser).toBeUndefined();
  });

  test.each<[string, Readonly<Record<string, string>>, string | undefined, RegExp]>([
    [
      "rules and nobody to log in",
      { REGISTRY_ACCESS_TOKENS: "true" },
      undefined,
      /set auth\.htpasswd, auth\.token or access\.oidc/,
    ],
    [
      "users and another's tokens at once",
      {
        REGISTRY_AUTH_TOKEN_REALM: "r",
        REGISTRY_AUTH_TOKEN_SERVICE: "s",
        REGISTRY_AUTH_TOKEN_ISSUER: "i",
        REGISTRY_AUTH_TOKEN_JWKS: "/k",
      },
      `alice:${hash}`,
      /has both htpasswd and token/,
    ],
    ["a file that is no htpasswd", {}, "alice:secret", /line 1 does not hold a bcrypt hash/],
    [
      "an issuer without TLS",
      { REGISTRY_ACCESS_OIDC: "[{issuer: 'http://ci.test', audience: a}]" },
      `alice:${hash}`,
      /http:\/\/ci\.test is not an https URL/,
    ],
    [
      "an unknown algorithm",
      {
        REGISTRY_AUTH_TOKEN_REALM: "r",
        REGISTRY_AUTH_TOKEN_SERVICE: "s",
        REGISTRY_AUTH_TOKEN_ISSUER: "i",
        REGISTRY_AUTH_TOKEN_JWKS: "/k",
        REGISTRY_AUTH_TOKEN_SIGNINGALGORITHMS: "[HS256]",
      },
      undefined,
      /HS256 is none of/,
    ],
  ])("refuses %s", async (_what, env, users, want) => {
    const opening = opened(env, users === undefined ? {} : { users });
    expect(opening).rejects.toThrow(want);
    expect(opening).rejects.toBeInstanceOf(StartError);
  });

  test("a user that is made leaves no file where its place cannot be written", async () => {
    const path = "/nowhere/at/all/users";
    expect(opened({ REGISTRY_AUTH_HTPASSWD_PATH: path })).rejects.toThrow(/does not exist and cannot be made/);
    expect(existsSync(path)).toBe(false);
  });

  test("a directory in the place of the file of users is refused with what to write instead", async () => {
    using directory = temporaryDirectory();
    const opening = opened({ REGISTRY_AUTH_HTPASSWD_PATH: directory.path });
    expect(opening).rejects.toThrow(`is a directory; name a file, such as ${directory.path}/htpasswd`);
  });
});
