import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTokens, type TokenSettings } from "../../../src/app/access/open-tokens.ts";
import { signAccessToken } from "../../../src/auth/own-tokens.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { startOidcIssuer } from "../../auth/issuers.ts";
import { ecKey, formatJwks, signToken } from "../../auth/signed-token.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const logger = createLogger({ level: "error", format: "text", write: () => {}, now: Date.now });
const nothing: TokenSettings = { external: undefined, oidc: [], hasOwnServer: false };
const exp = Math.floor(Date.now() / 1000) + 300;

/** Opened on a directory of its own, which holds these files. */
function open(
  settings: (path: (name: string) => string) => Partial<TokenSettings>,
  files: Readonly<Record<string, string>> = {},
) {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory.path, name), text);
  const means = { dataDirectory: directory.path, now: Date.now, logger };
  const opened = openTokens({ ...nothing, ...settings((name) => join(directory.path, name)) }, means);
  return { ...opened, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

test("without a configuration there are API tokens alone", () => {
  using opened = open(() => ({}));
  expect([
    opened.apiTokens.find("x"),
    opened.verifyOwn,
    opened.verifyForeign,
    opened.verifyWorkload,
    opened.own,
  ]).toEqual(Array.from({ length: 5 }, () => undefined));
});

test("our own tokens are verified with the keys of the store", async () => {
  using opened = open(() => ({ hasOwnServer: true }));
  if (opened.own === undefined) throw new Error("no token server");
  const content = { name: "", holder: { kind: "anonymous" }, untilMs: undefined } as const;
  const { token } = await signAccessToken(content, { access: [], options: opened.own });
  expect(await opened.verifyOwn?.(token)).toMatchObject({ claims: { holder: { kind: "anonymous" } } });
});

test("an external token server's tokens are verified with the keys of a file", async () => {
  const key = ecKey("key");
  const external = {
    issuer: "issuer.test",
    service: "registry.test",
    algorithms: ["ES256" as const],
    rootCertBundle: undefined,
  };
  using opened = open((path) => ({ external: { ...external, jwks: path("jwks") } }), { jwks: formatJwks([key]) });
  const token = await signToken({ iss: "issuer.test", aud: "registry.test", sub: "alice", exp }, { key });
  expect(await opened.verifyForeign?.(token)).toEqual({ name: "alice", access: [] });
});

test("a job's token is verified with the keys of its issuer", async () => {
  using issuer = startOidcIssuer();
  const oidc = [{ issuer: issuer.url, audience: "registry.test", claims: { name: "sub", groups: undefined } }];
  using opened = open(() => ({ oidc }));
  const token = await issuer.issue({ aud: "registry.test", sub: "job" });
  expect(await opened.verifyWorkload?.(token)).toMatchObject({ workload: { name: "job" } });
});
