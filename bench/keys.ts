// npm run bench:keys: what a collection, a check and a count take on a bucket of millions of keys. No store with so many objects
// fits a machine that one tests on: a stand-in tells them (bench/keys/), in a process of its own beside the built executable. What
// stores themselves list and read a second is measured beside it, on few objects.
//
//   bun bench/keys.ts [--repositories 5000] [--images 48] [--orphans 20000] [--objects 50000] [--json FILE]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { forEachAtOnce } from "../src/lib/at-once.ts";
import { blobKey, blobsPrefix } from "../src/registry/layout.ts";
import { listObjects } from "../src/storage/s3/listing.ts";
import { executable } from "../tests/e2e/executable.ts";
import { environment } from "../tests/e2e/program.ts";
import { bucketVariables } from "../tests/nodes/cluster.ts";
import { digestOf } from "../tests/registry/stocked.ts";
import { engines, type RealEngine } from "../tests/storage/s3/engines.ts";
import { temporaryDirectory } from "../tests/temporary-directory.ts";

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

/** Runs it to its end, or up to the first line that says so. */
async function measure(store: StandIn, args: readonly string[], until?: string): Promise<Taken> {
  using home = temporaryDirectory();
  const env = { ...(await bucketVariables(store)), REGISTRY_STORAGE_S3_SCRATCH: home.path };
  const before = await store.counts();
  const startedMs = performance.now();
  const options = { env: environment(env), cwd: home.path, stdin: "ignore", stderr: "inherit" } as const;
  const child = Bun.spawn([executable, ...args], { ...options, stdout: "pipe" });
  let last = "";
  for await (const line of linesOf(child.stdout)) {
    last = line;
    if (until === undefined || !line.includes(until)) continue;
    child.kill("SIGKILL");
    break;
  }
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

/** What a store lists and reads a second, sixteen requests at once, as a collection does. */
async function speedOf({ client, objects }: RealEngine, count: number) {
  const digests = Array.from({ length: count }, (_, index) => digestOf(`object ${index}`));
  const bytes = new Uint8Array(1000).fill(65);
  await forEachAtOnce(digests, 16, async (digest) => void (await objects.put(blobKey(digest), bytes)));
  const stripes = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, "0"));
  const timed = async (work: () => Promise<number>) => {
    const startedMs = performance.now();
    return Math.round((1000 * (await work())) / (performance.now() - startedMs));
  };
  let listed = 0;
  const listedASecond = await timed(async () => {
    await forEachAtOnce(stripes, 16, async (stripe) => {
      const prefix = `${blobsPrefix("sha256")}/${stripe}/`;
      listed += (await Array.fromAsync(listObjects(client, { prefix }))).length;
    });
    return listed;
  });
  const inPagesASecond = await timed(async () => {
    return (await Array.fromAsync(listObjects(client, { prefix: `${blobsPrefix("sha256")}/` }))).length;
  });
  const some = digests.slice(0, 5000);
  const readASecond = await timed(async () => {
    await forEachAtOnce(some, 16, async (digest) => void (await objects.read(blobKey(digest), 2000)));
    return some.length;
  });
  return { objects: listed, listedASecond, inPagesASecond, readASecond };
}

const results: Taken[] = [];
await using store = await startStandIn();
console.log(`${store.keys} keys`);
results.push(await measure(store, ["gc", "--dry-run", "--json"]));
results.push(await measure(store, ["gc", "--json"]));
results.push(await measure(store, ["du", "--json"]));
results.push(await measure(store, ["verify", "--json"], '"reading blobs"'));
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
