// A registry:2 that people use is replaced by swapping the program alone, and given back: the same data directory,
// config.yml, variables, address, probes, Prometheus and webhook receiver, while a client pushes and pulls all the time.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable } from "../e2e/executable.ts";
import { digestOf } from "../e2e/image.ts";
import { environment, requireProgram, waitUntil } from "../e2e/program.ts";
import { type Receiver, startReceiver } from "../notifications/receiver.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const canTakeOver = [requireProgram("docker-registry", "docker-registry"), requireProgram("prometheus", "prometheus")];
const imageType = "application/vnd.oci.image.manifest.v1+json";
const waitMs = 60_000;
/** Pushes in each phase. */
const pushCount = 20;

interface Site {
  readonly config: string;
  readonly main: string;
  readonly debug: string;
}

/** A file as people have it; the rest comes by variables, which all the programs get. */
function prepare(directory: string, receiver: Receiver): Site {
  const [main, debug] = [`127.0.0.1:${freePort()}`, `127.0.0.1:${freePort()}`];
  const config = join(directory, "config.yml");
  writeFileSync(
    config,
    `version: 0.1
log: {fields: {service: registry}}
storage:
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: ${join(directory, "data")}}
http:
  addr: ${main}
  draintimeout: 10s
  headers: {X-Content-Type-Options: [nosniff]}
  debug: {addr: ${debug}, prometheus: {enabled: true, path: /metrics}}
health: {storagedriver: {enabled: true, interval: 1s, threshold: 3}}
notifications:
  endpoints: [{name: ci, url: "${receiver.url}", timeout: 1s, threshold: 3, backoff: 1s}]
`,
  );
  return { config, main: `http://${main}`, debug: `http://${debug}` };
}

function serve(program: string, { config }: Site) {
  const env = environment({ REGISTRY_STORAGE_DELETE_ENABLED: "true", REGISTRY_LOG_LEVEL: "error" });
  return Bun.spawn([program, "serve", config], { env, stdin: "ignore", stdout: "ignore", stderr: "ignore" });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Asks until a registry answers whole, as clients do whose connection is refused or cut. */
async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const endMs = performance.now() + waitMs;
  for (;;) {
    try {
      return await read(url, init);
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await Bun.sleep(20);
    }
  }
}

async function read(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...init, headers: { Accept: imageType, ...init.headers } });
  const { status, headers } = response;
  return { status, headers, bytes: await response.bytes() };
}

function textOf({ bytes }: Answer): string {
  return new TextDecoder().decode(bytes);
}

/** A client that pushes an image after the other, and pulls what it has pushed before. */
class Customer {
  readonly pushed: string[] = [];
  readonly problems: string[] = [];
  readonly #main: string;
  #isOver = false;

  constructor(main: string) {
    this.#main = main;
  }

  end(): void {
    this.#isOver = true;
  }

  async work(): Promise<void> {
    for (let count = 0; !this.#isOver; count += 1) {
      const tag = `v${count}`;
      try {
        await this.#push(tag);
        this.pushed.push(tag);
        await this.pull(this.pushed[(count * 7) % this.pushed.length] ?? tag);
      } catch (error) {
        this.problems.push(`${tag}: ${String(error)}`);
      }
    }
  }

  /** Again from the beginning where it was cut off in the middle, as docker does. */
  async #push(tag: string): Promise<void> {
    const layer = new Uint8Array(randomBytes(50_000));
    const config = new TextEncoder().encode(JSON.stringify({ architecture: "amd64", os: "linux", id: tag }));
    const describe = (bytes: Uint8Array, type: string) => ({
      mediaType: type,
      digest: digestOf(bytes),
      size: bytes.length,
    });
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: imageType,
      config: describe(config, "application/vnd.oci.image.config.v1+json"),
      layers: [describe(layer, "application/vnd.oci.image.layer.v1.tar+gzip")],
    });
    for (const bytes of [config, layer]) await this.#pushBlob(bytes);
    const put = { method: "PUT", headers: { "Content-Type": imageType }, body: manifest };
    const answer = await ask(`${this.#main}/v2/shop/app/manifests/${tag}`, put);
    if (answer.status !== 201) throw new Error(`manifest: ${answer.status} ${textOf(answer)}`);
  }

  async #pushBlob(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const begun = await ask(`${this.#main}/v2/shop/app/blobs/uploads/`, { method: "POST" });
      const location = new URL(begun.headers.get("location") ?? "", this.#main);
      location.searchParams.set("digest", digestOf(bytes));
      const ended = await ask(location.href, { method: "PUT", body: bytes });
      if (ended.status === 201) return;
      // Another program has come meanwhile: it need not know the session.
      if (attempt === 3) throw new Error(`blob: ${ended.status} ${textOf(ended)}`);
    }
  }

  async pull(tag: string): Promise<void> {
    const answer = await ask(`${this.#main}/v2/shop/app/manifests/${tag}`);
    if (answer.status !== 200) throw new Error(`pull of ${tag}: ${answer.status}`);
    const { config, layers } = JSON.parse(textOf(answer)) as Record<"config", { digest: string }> & {
      layers: { digest: string }[];
    };
    for (const { digest } of [config, ...layers]) {
      const { bytes } = await ask(`${this.#main}/v2/shop/app/blobs/${digest}`);
      if (digestOf(bytes) !== digest) throw new Error(`pull of ${tag}: ${digest} is ${digestOf(bytes)}`);
    }
  }
}

describe.skipIf(!canTakeOver.every(Boolean))("swapping the program alone", () => {
  test(
    "takes over a running registry:2 and gives it back, and nobody notices but by a retry",
    async () => {
      using directory = temporaryDirectory();
      using receiver = startReceiver();
      const site = prepare(directory.path, receiver);
      await using prometheus = await startPrometheus(directory.path, new URL(site.debug).host);
      const customer = new Customer(site.main);
      const working = customer.work();
      /** By phase: pushes, jobs of the CI, and what probes and Prometheus saw. */
      const seen: unknown[] = [];
      for (const program of ["docker-registry", executable, "docker-registry"]) {
        const child = serve(program, site);
        const before = customer.pushed.length;
        await waitUntil("pushes go on", () => customer.pushed.length >= before + pushCount, { deadlineMs: waitMs });
        const own = customer.pushed.slice(before + 1, before + pushCount);
        const isTold = () => own.every((tag) => receiver.jobs().some((job) => job.startsWith(`shop/app:${tag}@`)));
        await waitUntil("the CI has a job for each push", isTold, { deadlineMs: waitMs });
        const scraped = 'sum(registry_http_requests_total{handler="manifest", code="201"})';
        await waitUntil("Prometheus sees the requests", async () => (await prometheus.value(scraped)) > 0, {
          deadlineMs: waitMs,
        });
        const probes = [`${site.main}/`, `${site.main}/v2/`, `${site.debug}/debug/health`, `${site.debug}/metrics`];
        seen.push(await Promise.all(probes.map(async (url) => (await fetch(url)).status)));
        child.kill("SIGTERM");
        expect(await child.exited).toBe(0);
      }
      const last = serve("docker-registry", site);
      customer.end();
      await working;
      for (const tag of customer.pushed) await customer.pull(tag);
      last.kill("SIGTERM");
      await last.exited;
      expect([customer.problems, seen]).toEqual([[], Array(3).fill([200, 200, 200, 200])]);
      const checked = Bun.spawnSync([executable, "verify", site.config], { env: environment({}) });
      expect([checked.exitCode, checked.stdout.toString()]).toEqual([0, expect.any(String)]);
    },
    5 * waitMs,
  );
});

async function startPrometheus(path: string, target: string) {
  const config = join(path, "prometheus.yml");
  const scrape = `{job_name: registry, static_configs: [{targets: ['${target}']}]}`;
  writeFileSync(config, `global: {scrape_interval: 500ms, scrape_timeout: 500ms}\nscrape_configs: [${scrape}]\n`);
  const url = `http://127.0.0.1:${freePort()}`;
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(path, "tsdb")}`];
  const child = Bun.spawn(["prometheus", ...flags, `--web.listen-address=${new URL(url).host}`], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const isReady = async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.status === 200;
  await waitUntil("Prometheus answers", isReady, { deadlineMs: waitMs });
  return {
    /** What the query gives now; 0 where it gives nothing. */
    value: async (query: string): Promise<number> => {
      const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
      const { data } = (await answer.json()) as { data?: { result: { value: [number, string] }[] } };
      return Number(data?.result[0]?.value[1] ?? 0);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

function freePort(): number {
  using probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  return probe.port;
}
