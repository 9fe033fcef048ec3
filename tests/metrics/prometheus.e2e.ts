// A real Prometheus scrapes a registry with traffic: what it reads is clean, and every query of the dashboard and of the
// alerts finds something.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable, type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { pushImage } from "../e2e/image.ts";
import { must, requireProgram, run, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const packaging = join(import.meta.dir, "../../packaging");
const rulesPath = join(packaging, "prometheus-alerts.yml");
const hasPrometheus = requireProgram("prometheus", "prometheus");
const waitMs = 60_000;

/** Metrics without a sample until an upstream has failed or lied, which the tests of the cache show. */
const onlyWhenWrong = ["registry_proxy_stale_total", "registry_proxy_wrong_content_total"];

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

const dashboard = JSON.parse(readFileSync(join(packaging, "grafana-dashboard.json"), "utf8")) as Dashboard;
const panels = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*")] as const),
);
const alerts = (Bun.YAML.parse(readFileSync(rulesPath, "utf8")) as Rules).groups.flatMap(({ rules }) => rules);

/** The metrics of a query with their labels, without ranges and comparisons. */
function selectorsOf(expr: string): readonly string[] {
  return [...expr.matchAll(/\b(?:registry|process|go)_\w+(?:\{[^}]*\})?/g)].map(([selector]) => selector);
}

describe.skipIf(!hasPrometheus)("scraped by Prometheus", () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let source: StartedRegistry;
  let registry: StartedRegistry;
  let debug = "";
  let prometheus: ReturnType<typeof Bun.spawn>;
  let api = "";
  let scraped = "";

  /** The results of a query. */
  async function query(expr: string): Promise<readonly unknown[]> {
    const answer = await fetch(`${api}/query?query=${encodeURIComponent(expr)}`);
    const { data, error } = (await answer.json()) as { data?: { result: unknown[] }; error?: string };
    if (data === undefined) throw new Error(`${expr}: ${error}`);
    return data.result;
  }

  /** Asks until something is found, within a bound. */
  async function found(expr: string): Promise<boolean> {
    return await waitUntil(expr, async () => (await query(expr)).length > 0, { deadlineMs: waitMs });
  }

  beforeAll(async () => {
    directory = temporaryDirectory();
    source = await startRegistry({ args: ["--http"] });
    await pushImage(source, "team/app", { tag: "v1" });
    registry = await startRegistry({
      args: ["--http"],
      env: {
        REGISTRY_HTTP_DEBUG_ADDR: "127.0.0.1:0",
        REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: "true",
        REGISTRY_GC_INTERVAL: "500ms",
        REGISTRY_VERIFY: "{interval: 500ms}",
        REGISTRY_PROXY_UPSTREAMS: `[{host: up.example, remoteurl: '${source.url}'}]`,
      },
    });
    debug = `http://127.0.0.1:${/another address.*port=(\d+)/.exec(registry.stderr())?.[1]}`;
    await pushImage(registry, "own/app", { tag: "v1" });
    await makeTraffic(registry, debug);
    [prometheus, api] = await startPrometheus(directory.path, new URL(debug).host);
    await found("registry_gc_last_success_timestamp_seconds and registry_verify_last_success_timestamp_seconds");
    await makeTraffic(registry, debug);
    scraped = await (await fetch(`${debug}/metrics`)).text();
  });

  afterAll(async () => {
    prometheus?.kill("SIGKILL");
    await prometheus?.exited;
    await registry?.[Symbol.asyncDispose]();
    await source?.[Symbol.asyncDispose]();
    directory?.[Symbol.dispose]();
  });

  test("`registry health` asks it, and its switch", async () => {
    const ask = async (url: string) => (await run([executable, "health", url])).code;
    const well = await ask(registry.url);
    await fetch(`${debug}/debug/health/down`, { method: "POST" });
    const codes = [
      well,
      await ask(registry.url),
      await ask(`${registry.url}/livez`),
      await ask(`${debug}/debug/health`),
    ];
    await fetch(`${debug}/debug/health/up`, { method: "POST" });
    expect([...codes, await ask(`${registry.url}/readyz`)]).toEqual([0, 1, 0, 1, 0]);
  });

  test("promtool finds nothing to say about the metrics", async () => {
    const path = join(directory.path, "metrics");
    writeFileSync(path, scraped);
    expect(await run(["sh", "-c", `promtool check metrics < ${path}`])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("the scrape has no name of a repository, and Prometheus took all of it", async () => {
    const looks = async () => {
      const targets = (await (await fetch(`${api}/targets`)).json()) as {
        data: { activeTargets: readonly { health: string; lastError: string }[] };
      };
      return targets.data.activeTargets.map(({ health, lastError }) => `${health} ${lastError}`).join();
    };
    // One that the machine holds up for longer than a scrape may take is followed by another one.
    await waitUntil("a scrape ends well", async () => (await looks()) === "up ", { deadlineMs: waitMs });
    expect(scraped).not.toMatch(/own\/app|team\/app/);
  });

  test.each(panels)("dashboard: %s: %s", async (_, expr) => {
    expect(await found(expr)).toBe(true);
  });

  test.each(alerts.map(({ alert, expr }) => [alert, expr] as const))("%s asks for what there is", async (_, expr) => {
    const selectors = selectorsOf(expr).filter((selector) => !onlyWhenWrong.includes(selector));
    for (const selector of selectors) expect([selector, await found(selector)]).toEqual([selector, true]);
  });

  test("every metric that the dashboard and the alerts name is served", () => {
    const served = [...scraped.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    const named = [...panels.map(([, expr]) => expr), ...alerts.map(({ expr }) => expr)]
      .flatMap(selectorsOf)
      .map((selector) => selector.replace(/\{.*/, ""));
    const missing = named.filter((name) => !served.includes(name.replace(/_(bucket|sum|count)$/, "")));
    expect(missing).toEqual([]);
  });

  test("Prometheus evaluates every alert, and none fires for a registry that is well", async () => {
    expect(await found("ALERTS_FOR_STATE or on() vector(1)")).toBe(true);
    const answer = (await (await fetch(`${api}/rules`)).json()) as {
      data: { groups: readonly { rules: readonly { name: string; health: string; state: string }[] }[] };
    };
    const rules = answer.data.groups.flatMap((group) => group.rules);
    const bad = rules.filter(({ health, state }) => health === "err" || state === "firing");
    expect([rules.length, bad]).toEqual([alerts.length, []]);
  });
});

describe.skipIf(!hasPrometheus)("promtool", () => {
  test("checks the alerts, and each comes when it should", async () => {
    await must(["promtool", "check", "rules", rulesPath]);
    const tests = join(import.meta.dir, "alerts-in-time.yml");
    await must(["promtool", "test", "rules", tests]);
    const text = readFileSync(tests, "utf8");
    expect(alerts.filter(({ alert }) => !text.includes(alert))).toEqual([]);
  });
});

/** Pushes and pulls, here and through the cache, a refusal, and a moment out of service. */
async function makeTraffic(registry: StartedRegistry, debug: string): Promise<void> {
  const paths = [
    "/v2/",
    "/v2/_catalog",
    "/v2/own/app/manifests/v1",
    "/v2/up.example/team/app/manifests/v1",
    "/v2/none/tags/list",
  ];
  for (const path of paths) await (await registry.fetch(path)).arrayBuffer();
  await fetch(`${debug}/debug/health/down`, { method: "POST" });
  const down = await registry.fetch("/v2/");
  await fetch(`${debug}/debug/health/up`, { method: "POST" });
  expect([down.status, (await registry.fetch("/v2/")).status]).toEqual([503, 200]);
}

/** Starts Prometheus and gives the address of its API, once that answers. */
async function startPrometheus(path: string, target: string): Promise<[ReturnType<typeof Bun.spawn>, string]> {
  const config = join(path, "prometheus.yml");
  const scrape = `{job_name: registry, static_configs: [{targets: ['${target}']}]}`;
  writeFileSync(
    config,
    `global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 1s}\nrule_files: ['${rulesPath}']\nscrape_configs: [${scrape}]\n`,
  );
  const port = freePort();
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(path, "tsdb")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = Bun.spawn(["prometheus", ...flags], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(join(path, "log")),
  });
  const url = `http://127.0.0.1:${port}`;
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(readFileSync(join(path, "log"), "utf8"));
    return (await fetch(`${url}/-/ready`).catch(() => undefined))?.status === 200;
  };
  await waitUntil("Prometheus answers", isReady, { deadlineMs: waitMs });
  return [child, `${url}/api/v1`];
}

/** Prometheus does not tell which port it got. */
function freePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  probe.stop(true);
  return probe.port;
}
