import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { askHelper } from "../../../src/app/registries/credential-helper.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

/** What a helper that does this is taken to say. */
async function ask(script: string, timeoutMs = 5000) {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "docker-credential-test"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const env = { PATH: `${directory.path}:${process.env.PATH}` };
  return await askHelper("test", "nas:5000", { env, timeoutMs });
}

test("a helper is told the registry and says user and secret", async () => {
  const answer = await ask(
    `read host; echo "{\\"Username\\":\\"$1\\",\\"Secret\\":\\"$host\\"}"`.replace("read host", "host=$(cat)"),
  );
  expect(answer).toEqual({ kind: "credentials", credentials: { username: "get", password: "nas:5000" } });
});

test.each([
  ["cat >/dev/null; echo 'credentials not found in native keychain'; exit 1", { kind: "none" }],
  ['echo \'{"Username":"","Secret":""}\'', { kind: "none" }],
  ["exit 3", { kind: "failed", problem: "ended with 3" }],
  ["echo no", { kind: "failed", problem: "printed no Username and Secret" }],
  ["exec yes", { kind: "failed", problem: "prints too much" }],
])("a helper that does %p", async (script, want) => {
  expect(await ask(script)).toEqual(want as never);
});

test("a helper that does not answer is ended", async () => {
  expect(await ask("exec sleep 60", 50)).toEqual({ kind: "failed", problem: "does not answer within 0.05 s" });
});

test("a helper whose own child goes on is not waited for either", async () => {
  expect(await ask("sleep 30; exit 0", 50)).toEqual({ kind: "failed", problem: "does not answer within 0.05 s" });
}, 20_000);

test("a helper that is not there is named", async () => {
  expect(await askHelper("test", "nas", { env: { PATH: "/nowhere" }, timeoutMs: 1000 })).toEqual({
    kind: "failed",
    problem: "is not installed",
  });
});
