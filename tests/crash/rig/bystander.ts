// A client in a process of its own that asks for small things on and on, and how long each answer took: the time on the
// wall, less what others on the machine took from it. Ends when its server does; prints what it measured as JSON.
//   bun bystander.ts <url> <pid of the server> <file on the same disk>
import { open, readdir, readFile } from "node:fs/promises";
import { makeConfig, makeImage } from "./contents.ts";
import { type Moment, type Sample, sampleOf } from "./latency.ts";

const [url = "", pid = "", probe = ""] = process.argv.slice(2);
const image = makeImage(makeConfig("a bystander's"), [makeConfig("a bystander's layer")]);
const repository = "bystander/app";
const restMs = 15;
const timeoutMs = 20_000;

/** Each reads, and none needs a lock that somebody else may hold. */
const paths = [
  "/v2/",
  `/v2/${repository}/manifests/latest`,
  `/v2/${repository}/tags/list`,
  `/v2/${repository}/blobs/${image.names.blobs[0]}`,
];

/** When the disk was busy with a small request of its own, from and to. */
const disk: { readonly fromMs: number; toMs: number }[] = [];

async function push(): Promise<boolean> {
  for (const content of [makeConfig("a bystander's"), makeConfig("a bystander's layer")]) {
    const path = `/v2/${repository}/blobs/uploads/?digest=${content.digest}`;
    const { status } = await fetch(url + path, { method: "POST", body: content.bytes });
    if (status !== 201) return false;
  }
  const headers = { "Content-Type": image.mediaType };
  const put = { method: "PUT", headers, body: image.bytes };
  return (await fetch(`${url}/v2/${repository}/manifests/latest`, put)).status === 201;
}

/** Reads and syncs a small file again and again: what this takes is the disk's own time. */
async function probeOnAndOn(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const span = { fromMs: performance.now(), toMs: Number.POSITIVE_INFINITY };
    disk.push(span);
    try {
      await using file = await open(probe, "w+");
      await file.write("probe");
      await file.sync();
      await file.read({ position: 0 });
    } catch {
      // A disk that is full or gone for the moment.
    }
    span.toMs = performance.now();
    await Bun.sleep(restMs);
  }
}

/** How long each thread of a process has waited for a processor, by its number; empty when there is no such process. */
async function waitsOf(process: string): Promise<ReadonlyMap<string, number>> {
  const waits = new Map<string, number>();
  for (const thread of await readdir(`/proc/${process}/task`).catch(() => [])) {
    const text = await readFile(`/proc/${process}/task/${thread}/schedstat`, "utf8").catch(() => "");
    if (text !== "") waits.set(thread, Number(text.split(" ")[1]) / 1e6);
  }
  return waits;
}

async function look(): Promise<Moment> {
  const [server, own] = await Promise.all([waitsOf(pid), waitsOf("self")]);
  return { atMs: performance.now(), server, own };
}

async function main(): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  if (!(await push().catch(() => false))) return samples;
  let isOver = false;
  const probing = probeOnAndOn(() => isOver);
  for (let index = 0; !isOver; index += 1) {
    const path = paths[index % paths.length] ?? "";
    const before = await look();
    const answer = await fetch(url + path, { signal: AbortSignal.timeout(timeoutMs) })
      .then((response) => response.bytes())
      .catch(() => undefined);
    const after = await look();
    samples.push(sampleOf({ path, pid, before, after, disk }));
    // The server is gone, or deaf, which the sample says.
    isOver = answer === undefined;
    await Bun.sleep(restMs);
  }
  await probing;
  return samples;
}

console.log(JSON.stringify(await main()));
process.exit(0);
