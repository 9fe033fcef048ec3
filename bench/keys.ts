// npm run bench:keys: what a collection and a count take on a bucket of millions of keys. No store with so many objects
// fits a machine that one tests on: a stand-in tells them (bench/keys/), in a process of its own beside the built executable. What
// stores themselves list and read a second is measured beside it, on few objects.
//
//   bun bench/keys.ts [--repositories 5000] [--images 48] [--orphans 20000] [--objects 50000] [--json FILE]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { executable } from "../tests/e2e/executable.ts";
import { environment } from "../tests/e2e/program.ts";
import { bucketVariables } from "../tests/nodes/cluster.ts";
import { engines } from "../tests/storage/s3/engines.ts";
import { temporaryDirectory } from "../tests/temporary-directory.ts";
import { speedOf } from "./keys/store-speed.ts";

const { values } = parseArgs({
  options: {
    repositories: { type: "string", default: "5000" },
    images: { type: "string", default: "48" },
    orphans: { type: "string", default: "20000" },
    objects: { type: "string", default: "50000" },
    json: { type: "string" },
  },
});

/** How many requests of each kind were answered. */
type Counts = Readonly<Record<string, number>>;

interface StandIn extends AsyncDisposable {
  readonly endpoint: URL;
  readonly keys: number;
  /** So far, as of a second ago at most. */
  counts(): Promise<Counts>;
}

/** Starts it, and waits until it knows its keys. */
async function startStandIn(): Promise<StandIn> {
  const child = Bun.spawn(
    ["bun", `${import.meta.dir}/keys/stand-in.ts`, values.repositories, values.images, values.orphans],
    { env: environment(), stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  const started = Promise.withResolvers<{ readonly port: number; readonly keys: number }>();
  let told = Promise.withResolvers<Counts>();
  void (async () => {
    for await (const line of linesOf(child.stdout)) {
      const said = JSON.parse(line);
      if ("port" in said) started.resolve(said);
      else told.resolve(said.counts);
    }
  })();
  const { port, keys } = await started.promise;
  return {
    endpoint: new URL(`http://127.0.0.1:${port}`),
    keys,
    counts: async () => {
      told = Promise.withResolvers();
      return await told.promise;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = `${rest}${decoder.decode(bytes, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** What one command took. */
interface Taken {
  readonly command: string;
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakMebibytes: number;
  readonly requests: Counts;
  readonly summary: string;
}

/** Runs it to its end. */
async function measure(store: StandIn, args: readonly string[]): Promise<Taken> {
  using home = temporaryDirectory();
  const env = { ...(await bucketVariables(store)), REGISTRY_STORAGE_S3_SCRATCH: home.path };
  const before = await store.counts();
  const startedMs = performance.now();
  const options = { env: environment(env), cwd: home.path, stdin: "ignore", stderr: "inherit" } as const;
  const child = Bun.spawn([executable, ...args], { ...options, stdout: "pipe" });
  let last = "";
  for await (const line of linesOf(child.stdout)) last = line;
  await child.exited;
  const seconds = (performance.now() - startedMs) / 1000;
  const after = await store.counts();
  const used = child.resourceUsage();
  const taken = {
    command: args.join(" "),
    seconds,
    processorSeconds: Number(used?.cpuTime.total ?? 0) / 1e6,
    peakMebibytes: (used?.maxRSS ?? 0) / 1024 ** 2,
    requests: Object.fromEntries(
      Object.entries(after).map(([method, count]) => [method, count - (before[method] ?? 0)]),
    ),
    summary: last.slice(0, 500),
  };
  console.log(JSON.stringify(taken));
  return taken;
}

const results: Taken[] = [];
await using store = await startStandIn();
console.log(`${store.keys} keys`);
results.push(await measure(store, ["gc", "--dry-run", "--json"]));
results.push(await measure(store, ["gc", "--json"]));
results.push(await measure(store, ["du", "--json"]));
// What the first one has condemned.
results.push(await measure(store, ["gc", "--json", "--grace", "0s"]));
const speeds: object[] = [];
if (Number(values.objects) > 0) {
  for (const [name, start] of engines) {
    await using engine = await start();
    const speed = { name, ...(await speedOf(engine, Number(values.objects))) };
    console.log(JSON.stringify(speed));
    speeds.push(speed);
  }
}
if (values.json !== undefined)
  writeFileSync(values.json, JSON.stringify({ keys: store.keys, results, speeds }, null, 2));
process.exit(0);
