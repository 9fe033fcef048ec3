import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ApiTokenFiles } from "../../src/app/access/api-token-files.ts";
import { isSecret } from "../../src/auth/api-tokens.ts";
import { runCli } from "../../src/cli/cli.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { fakeIo } from "./fake-io.ts";

const nowMs = Date.UTC(2030, 0, 1);

/** A store, and the command on it. */
function store() {
  const directory = temporaryDirectory();
  const tokenWith =
    (env: Readonly<Record<string, string>>) =>
    async (...words: readonly string[]) => {
      const io = fakeIo({ now: () => nowMs, env });
      const code = await runCli(["token", ...words, "--data", directory.path], io);
      return { code, output: io.output(), errors: io.errors() };
    };
  const token = tokenWith({});
  const tokens = new ApiTokenFiles(directory.path, { now: () => nowMs });
  return { token, tokenWith, tokens, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

test("create prints the secret of a token that may do what it was made for", async () => {
  using data = store();
  const words = ["create", "ci", "--repositories", "team/**", "--repositories", "base", "--actions", "push,pull"];
  const { code, output, errors } = await data.token(...words, "--expires", "90d");
  const secret = output.trimEnd();
  expect([code, isSecret(secret), errors]).toEqual([
    0,
    true,
    "The token ci may pull, push team/**, base, until 2030-04-01.\nIt is shown only this once, and serves as the password of any user name:\n",
  ]);
  expect(data.tokens.find(secret)).toEqual({
    name: "ci",
    repositories: ["team/**", "base"],
    actions: ["pull", "push"],
    createdMs: nowMs,
    expiresMs: nowMs + 90 * 24 * 3_600_000,
  });
});

test("without more words a token may pull, until it is revoked", async () => {
  using data = store();
  const { output } = await data.token("create", "ci", "--repositories", "**");
  expect(data.tokens.find(output.trimEnd())).toMatchObject({ actions: ["pull"], expiresMs: undefined });
});

test("list tells when each token was used and when it ends", async () => {
  using data = store();
  await data.token("create", "unused", "--repositories", "a/*", "--expires", "12h");
  const { output } = await data.token("create", "ci", "--repositories", "**", "--actions", "pull,delete");
  data.tokens.find(output.trimEnd());
  expect((await data.token("list")).output).toBe(
    [
      "NAME    ACTIONS      LAST USED   EXPIRES     REPOSITORIES\n",
      "ci      pull,delete  2030-01-01  never       **\n",
      "unused  pull         never       2030-01-01  a/*\n",
    ].join(""),
  );
});

test("list as JSON is one object a line, without anything of the secret", async () => {
  using data = store();
  await data.token("create", "ci", "--repositories", "**");
  const { output } = await data.token("list", "--json");
  expect(JSON.parse(output)).toEqual({ name: "ci", repositories: ["**"], actions: ["pull"], createdMs: nowMs });
});

test("list of a store without tokens says how to make one", async () => {
  using data = store();
  expect(await data.token("list")).toMatchObject({ code: 0, output: expect.stringContaining("registry token create") });
});

test("revoke ends a token", async () => {
  using data = store();
  const { output } = await data.token("create", "ci", "--repositories", "**");
  const revoked = await data.token("revoke", "ci");
  expect([revoked, data.tokens.find(output.trimEnd())]).toEqual([
    { code: 0, output: "The token ci is revoked.\n", errors: "" },
    undefined,
  ]);
});

test("a name is given once, and only what is there can be revoked", async () => {
  using data = store();
  await data.token("create", "ci", "--repositories", "**");
  const again = await data.token("create", "ci", "--repositories", "**");
  const other = await data.token("revoke", "other");
  expect([again.code, again.errors, again.output, other.code, other.errors]).toEqual([
    1,
    "registry token: the token ci exists already; `registry token revoke ci` ends it\n",
    "",
    1,
    "registry token: there is no token other; `registry token list` lists them\n",
  ]);
});

test.each([
  [[], "say create, list or revoke"],
  [["delete", "ci"], "say create, list or revoke"],
  [["create"], "create needs the name of a token"],
  [["revoke"], "revoke needs the name of a token"],
  [["create", "../x", "--repositories", "**"], "create needs the name of a token"],
  [["create", "ci"], "create needs --repositories GLOB"],
  [["create", "ci", "--repositories", "Team"], "not a glob of repository names: Team"],
  [["create", "ci", "--repositories", "**", "--actions", "pull,admin"], 'not "admin"'],
  [["create", "ci", "--repositories", "**", "--actions", ","], 'not ""'],
  [["create", "ci", "--repositories", "**", "--expires", "soon"], "not a duration such as 90d or 12h: soon"],
  [["create", "ci", "--repositories", "**", "--expires", "0d"], "not a duration such as 90d or 12h: 0d"],
])("token %p is wrong usage", async (words, want) => {
  using data = store();
  const { code, errors } = await data.token(...words);
  expect([code, errors]).toEqual([64, expect.stringContaining(want)]);
});

test("what is created and revoked is in the audit log, and no secret", async () => {
  using data = store();
  using logs = temporaryDirectory();
  const audit = join(logs.path, "audit.log");
  const env = { REGISTRY_LOG_AUDIT: audit };
  const created = await data.tokenWith(env)("create", "ci", "--repositories", "team/**");
  await data.tokenWith(env)("revoke", "ci");
  const text = readFileSync(audit, "utf8");
  const by = expect.any(String);
  expect(
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    {
      time: "2030-01-01T00:00:00.000Z",
      event: "token created",
      token: "ci",
      repositories: ["team/**"],
      actions: ["pull"],
      by,
    },
    { time: "2030-01-01T00:00:00.000Z", event: "token revoked", token: "ci", by },
  ]);
  expect(text).not.toContain(created.output.trim());
});
