// One config.yml serves registry:2, registry:3 and this one in turn, on one directory: what Prometheus and probes saw of
// the others, they see of this one.
import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable } from "../e2e/executable.ts";
import { digestOf } from "../e2e/image.ts";
import { environment, readyMs, waitUntil } from "../e2e/program.ts";
import { type ForeignKind, foreignKinds } from "../interchange/foreign-registry.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** What was seen of one registry. */
interface Seen {
  readonly metrics: string;
  /** Statuses and bodies of /debug/health, and statuses of the API: when it is well, and when a check fails. */
  readonly health: readonly unknown[];
}

interface Place {
  readonly config: string;
  readonly main: string;
  readonly debug: string;
  /** The file whose being there is a problem. */
  readonly down: string;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** Writes the file that all of them are started with. */
function prepare(directory: string): Place {
  const [addr, debugAddr] = [`127.0.0.1:${freePort()}`, `127.0.0.1:${freePort()}`];
  const [config, down] = [join(directory, "config.yml"), join(directory, "down")];
  writeFileSync(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: "error" },
      storage: { filesystem: { rootdirectory: join(directory, "data") }, delete: { enabled: true } },
      http: { addr, debug: { addr: debugAddr, prometheus: { enabled: true, path: "/metrics" } } },
      health: {
        storagedriver: { enabled: true, interval: "1s", threshold: 3 },
        file: [{ file: down, interval: "100ms" }],
      },
    }),
  );
  return { config, down, main: `http://${addr}`, debug: `http://${debugAddr}` };
}

/** Starts one, asks it the same as the others, and stops it. */
async function look(program: string, { config, main, debug, down }: Place): Promise<Seen> {
  const env = environment({ OTEL_TRACES_EXPORTER: "none" });
  const child = Bun.spawn([program, "serve", config], { env, stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  const status = (url: string) =>
    fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );
  try {
    await waitUntil(`${program} answers`, async () => (await status(`${main}/v2/`)) === 200, { deadlineMs: readyMs });
    await makeTraffic(main);
    const metrics = await (await fetch(`${debug}/metrics`)).text();
    const health = async () => {
      const answer = await fetch(`${debug}/debug/health`);
      const statuses = [await status(`${main}/v2/`), await status(`${main}/`), await status(`${main}/v2/_catalog`)];
      return [answer.status, await answer.json(), ...statuses];
    };
    const well = await health();
    writeFileSync(down, "");
    await waitUntil("it is unhealthy", async () => (await status(`${debug}/debug/health`)) === 503);
    const unwell = await health();
    rmSync(down);
    await waitUntil("it is well again", async () => (await status(`${main}/v2/`)) === 200);
    return { metrics, health: [well, unwell] };
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}

/** One request of every handler that all of them have, and some that are refused. */
async function makeTraffic(main: string): Promise<void> {
  const ask = async (path: string, init: RequestInit = {}) => {
    const type = path.includes("/manifests/") ? manifestType : "application/octet-stream";
    const headers = { Accept: manifestType, "Content-Type": type };
    const answer = await fetch(new URL(path, main), { ...init, headers });
    await answer.arrayBuffer();
    return answer.headers.get("location") ?? "";
  };
  const layer = new TextEncoder().encode("layer");
  const digest = digestOf(layer);
  const upload = await ask("/v2/a/blobs/uploads/", { method: "POST" });
  const next = await ask(upload, { method: "PATCH", body: layer });
  await ask(`${next}${next.includes("?") ? "&" : "?"}digest=${digest}`, { method: "PUT" });
  const descriptor = { mediaType: "application/octet-stream", digest, size: layer.length };
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor,
    layers: [descriptor],
  });
  await ask("/v2/a/manifests/v1", { method: "PUT", body: manifest });
  for (const method of ["GET", "HEAD"]) {
    for (const path of ["/v2/a/manifests/v1", "/v2/a/manifests/none", `/v2/a/blobs/${digest}`])
      await ask(path, { method });
  }
  for (const path of ["/v2/", "/v2/_catalog", "/v2/a/tags/list", "/v2/none/tags/list"]) await ask(path);
  await ask(`/v2/a/manifests/${digestOf(new TextEncoder().encode(manifest))}`, { method: "DELETE" });
}

/** The type and the labels of each metric of a registry. */
function describeMetrics(text: string): Record<string, string> {
  const types = [...text.matchAll(/^# TYPE (registry_\S+) (\S+)$/gm)];
  return Object.fromEntries(
    types.map(([, name = "", type]) => {
      const sample = new RegExp(`^${name}(?:_bucket)?(?:\\{(.*)\\})? `, "m").exec(text)?.[1] ?? "";
      const labels = [...sample.matchAll(/(\w+)="/g)].map((match) => match[1]).sort();
      return [name, `${type} of ${labels.join(", ")}`];
    }),
  );
}

/** The samples with their labels, without their values, of the requests that `makeTraffic` makes. */
function countersOf(text: string): readonly string[] {
  const lines = [...text.matchAll(/^(registry_http_(?:requests_total|in_flight_requests)\{.*\}) /gm)];
  return lines.map((match) => match[1] ?? "").sort();
}

describe.each(foreignKinds)("in the place of %s", (kind: ForeignKind) => {
  test("Prometheus finds every metric, with the same type and labels, and probes the same answers", async () => {
    using directory = temporaryDirectory();
    const place = prepare(directory.path);
    const theirs = await look(kind, place);
    const ours = await look(executable, place);
    expect(describeMetrics(ours.metrics)).toMatchObject(describeMetrics(theirs.metrics));
    const counted = countersOf(ours.metrics);
    expect(countersOf(theirs.metrics).filter((sample) => !counted.includes(sample))).toEqual([]);
    expect(ours.health).toEqual([...theirs.health]);
  });
});

/** They cannot be asked which free port they took. */
function freePort(): number {
  using probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  return probe.port;
}
