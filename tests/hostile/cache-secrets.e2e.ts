// The credentials of a cache at another registry, from the file and from a helper, right and wrong: nothing that the cache
// writes or says has them, nor the command lines of what it runs.
import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addImage } from "../cache/caches.ts";
import { executable, type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { must } from "../e2e/program.ts";
import { fail, type MisbehavingUpstream, startUpstream } from "../proxy/misbehaving-upstream.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const password = "upstream-battery-staple";
const wrong = "upstream-hunter2-hunter2";
const token = "upstream-token-0123456789abcdef";

const refusal = (what: string | undefined) =>
  JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: `not for ${what}`, detail: what }] });

/** Wants a token, and gives it for the password; what it is told besides comes back in its error. */
function wantToken(upstream: MisbehavingUpstream): void {
  upstream.behave(({ url = "", headers }, response) => {
    const { pathname } = new URL(url, upstream.url);
    if (pathname === "/token") {
      if (headers.authorization === `Basic ${btoa(`robot:${password}`)}`) response.end(JSON.stringify({ token }));
      else response.writeHead(401).end(refusal(headers.authorization));
      return true;
    }
    if (headers.authorization === `Bearer ${token}`) return false;
    fail(response, 401, { "WWW-Authenticate": `Bearer realm="${upstream.url.origin}/token",service="up"` });
    return true;
  });
}

/** The arguments of every process that descends from this one, now. */
function commandLines(pid: number): readonly string[] {
  const processes = readdirSync("/proc").flatMap((name) => {
    try {
      const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1]);
      return [{ id: Number(name), parent, line: readFileSync(`/proc/${name}/cmdline`, "utf8") }];
    } catch {
      return [];
    }
  });
  const family = new Set([pid]);
  for (const { id, parent } of processes) if (family.has(parent)) family.add(id);
  return processes.filter(({ id }) => family.has(id)).map(({ line }) => line);
}

/** A helper that tells the password, and stays long enough to be seen. */
function writeHelper(directory: string): string {
  const path = join(directory, "docker-credential-tests");
  writeFileSync(path, `#!/bin/sh\ncat > /dev/null\nsleep 1\necho '{"Username":"robot","Secret":"${password}"}'\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Pulls what is there and what is not; all that was answered but the content. */
async function pullThrough(
  cache: StartedRegistry,
): Promise<{ readonly said: string; readonly statuses: readonly number[] }> {
  const responses = await Promise.all(["latest", "gone"].map((tag) => cache.fetch(`/v2/team/app/manifests/${tag}`)));
  const texts = responses.map(async (response) => JSON.stringify([[...response.headers], await response.text()]));
  return { said: (await Promise.all(texts)).join("\n"), statuses: responses.map(({ status }) => status) };
}

const ways = [
  ["in the file", { username: "robot", password }, [200, 404]],
  ["in the file, and wrong,", { username: "robot", password: wrong }, [403, 403]],
  ["of a helper", {}, [200, 404]],
] as const;

describe.each(["text", "json"])("with a log as %s", (formatter) => {
  test.each(ways)("credentials %s are nowhere", async (_way, credentials, statuses) => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    addImage(upstream, {});
    wantToken(upstream);
    const [data, file] = ["data", "config.yml"].map((name) => join(directory.path, name)) as [string, string];
    const exec = "password" in credentials ? {} : { exec: { command: writeHelper(directory.path) } };
    const configuration = {
      version: 0.1,
      log: { level: "debug", formatter },
      storage: { filesystem: { rootdirectory: data } },
      proxy: { remoteurl: upstream.url.origin, ...credentials, ...exec },
    };
    writeFileSync(file, JSON.stringify(configuration));
    await using cache = await startRegistry({ data, args: [file] });
    const seen = new Set<string>();
    const look = setInterval(() => {
      for (const line of commandLines(cache.pid)) seen.add(line);
    }, 100);
    const pulled = await pullThrough(cache);
    clearInterval(look);
    const stored = readdirSync(data, { recursive: true, encoding: "utf8" }).map((name) => join(data, name));
    const written = {
      log: cache.stdout() + cache.stderr(),
      answers: pulled.said,
      commandLines: [...seen, ...commandLines(cache.pid)].join("\n"),
      shown: await must([executable, "config", file]),
      store: stored
        .filter((path) => statSync(path).isFile())
        .map((path) => readFileSync(path, "latin1"))
        .join("\n"),
    };
    expect(pulled.statuses).toEqual([...statuses]);
    expect(written.log).toContain("upstream request");
    expect(written.commandLines).toContain("serve");
    if ("exec" in exec) expect(written.commandLines).toContain("docker-credential-tests");
    const secrets = [password, wrong, token, btoa(`robot:${password}`), btoa(`robot:${wrong}`)];
    const found = Object.entries(written).flatMap(([what, text]) =>
      secrets.filter((secret) => text.includes(secret)).map((secret) => `${what}: ${secret}`),
    );
    expect(found).toEqual([]);
  });
});
