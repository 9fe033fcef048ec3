import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCredentials, programsIn } from "../../../src/app/caches/credentials.ts";
import type { ConfiguredUpstream } from "../../../src/config/proxy-section.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const plain: ConfiguredUpstream = {
  host: "up.example",
  remoteurl: "https://up.example",
  username: "alice",
  password: "secret",
  exec: undefined,
  ttl: 0,
  ca: undefined,
  realms: [],
};

function helper(lifetime: number | undefined) {
  const clock = { ms: 0 };
  const asked: unknown[] = [];
  const credentials = openCredentials(
    { ...plain, exec: { command: "docker-credential-x", lifetime } },
    {
      now: () => clock.ms,
      run: async (command, input) => {
        asked.push([...command, input]);
        return JSON.stringify({ ServerURL: input, Username: "bob", Secret: `secret-${asked.length}` });
      },
    },
  );
  return { clock, asked, credentials };
}

describe("credentials", () => {
  test("stand in the configuration, or there are none", async () => {
    const means = { now: () => 0, run: async () => "" };
    expect(await openCredentials(plain, means)()).toEqual({ username: "alice", password: "secret" });
    expect(await openCredentials({ ...plain, username: undefined }, means)()).toBeUndefined();
  });

  test.each([
    [undefined, 1],
    [0, 3],
    [1000, 2],
  ])("of a helper with a lifetime of %p are asked for %p times in two seconds", async (lifetimeMs, count) => {
    const { clock, asked, credentials } = helper(lifetimeMs);
    for (const ms of [0, 900, 1900]) {
      clock.ms = ms;
      await credentials();
    }
    expect([asked.length, asked[0]]).toEqual([count, ["docker-credential-x", "get", "up.example"]]);
  });

  test("of a helper that prints something else are an error", async () => {
    const exec = { command: "x", lifetime: undefined };
    const credentials = openCredentials({ ...plain, exec }, { now: () => 0, run: async () => "no json" });
    expect(await credentials().catch((error: Error) => error.message)).toContain("no Username and Secret");
  });

  test("come from a real program", async () => {
    using directory = temporaryDirectory();
    const program = join(directory.path, "docker-credential-test");
    writeFileSync(
      program,
      '#!/bin/sh\nread server\necho "{\\"Username\\":\\"$1 $SEEN\\",\\"Secret\\":\\"$server\\"}"\n',
    );
    chmodSync(program, 0o755);
    const exec = { command: program, lifetime: undefined };
    const run = programsIn({ SEEN: "this" });
    const credentials = openCredentials({ ...plain, exec }, { now: () => 0, run });
    expect(await credentials()).toEqual({ username: "get this", password: "up.example" });
    const missing = await run(["/bin/sh", "-c", "exit 3"], "").catch((error: Error) => error.message);
    expect(missing).toBe("/bin/sh ended with 3");
  });
});
