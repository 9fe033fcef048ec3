// What the configuration knows of the receivers of notifications, and what a receiver that refuses them says: none of it is
// in the log, the metrics or an answer, nor in what `registry config` prints.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable, startRegistry } from "../e2e/executable.ts";
import { pushImage } from "../e2e/image.ts";
import { must, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const bearer = "webhook-token-0123456789";
const password = "webhook-battery-staple";
const query = "webhook-query-0123456789";
const shared = "shared-secret-of-processes";

test.each(["text", "json"])("secrets of notifications are nowhere, with a log as %s", async (formatter) => {
  using directory = temporaryDirectory();
  const told: string[] = [];
  // Repeats what it was told in its refusal, and so does the place it redirects to.
  using receiver = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ headers, url }) => {
      const said = `${headers.get("authorization")} ${url}`;
      told.push(said);
      const status = told.length % 2 === 0 ? 500 : 302;
      return new Response(said, { status, headers: { "X-Said": said, Location: url } });
    },
  });
  using debug = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const addr = `127.0.0.1:${debug.port}`;
  await debug.stop(true);
  const file = join(directory.path, "config.yml");
  const to = `127.0.0.1:${receiver.port}/in?token=${query}`;
  const retry = { timeout: "1s", threshold: 100, backoff: "100ms" };
  const configuration = {
    version: 0.1,
    log: { level: "debug", formatter },
    http: { secret: shared, debug: { addr, prometheus: { enabled: true } } },
    storage: { filesystem: { rootdirectory: join(directory.path, "data") } },
    notifications: {
      endpoints: [
        { name: "header", url: `http://${to}`, headers: { Authorization: [`Bearer ${bearer}`] }, ...retry },
        { name: "user", url: `http://hook:${password}@${to}`, ...retry },
        { name: "closed", url: `http://hook:${password}@127.0.0.1:9/in?token=${query}`, ...retry },
      ],
    },
  };
  writeFileSync(file, JSON.stringify(configuration));
  await using registry = await startRegistry({ args: [file] });
  await pushImage(registry, "team/app");
  const basic = `Basic ${btoa(`hook:${password}`)}`;
  await waitUntil("both were told, and refused", () =>
    [`Bearer ${bearer}`, basic].every((credentials) => told.filter((said) => said.startsWith(credentials)).length > 1),
  );
  await waitUntil("the log tells of it", () => /closed/.test(registry.stderr()) && /user/.test(registry.stderr()));
  const written = {
    log: registry.stdout() + registry.stderr(),
    metrics: await (await fetch(`http://${addr}/metrics`)).text(),
    answers: await (await registry.fetch("/v2/nowhere/manifests/v1")).text(),
    shown: await must([executable, "config", file]),
    shownAsJson: await must([executable, "config", "--json", file]),
  };
  const secrets = [bearer, password, query, shared, basic];
  const found = Object.entries(written).flatMap(([what, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${what}: ${secret}`),
  );
  expect(found).toEqual([]);
});
