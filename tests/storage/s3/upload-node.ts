// A node in a process of its own that takes many uploads at once, and says how much memory it held at most.
import { readFileSync } from "node:fs";
import { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import { PartMemory } from "../../../src/storage/s3/part-memory.ts";
import { BucketUploads } from "../../../src/storage/s3/uploads.ts";
import { clientOf } from "./engines.ts";

const [endpoint = "", count = "1", mebibytes = "1", limit = "128"] = process.argv.slice(2);
const objects = new BucketObjects(clientOf(new URL(endpoint)));
const memory = new PartMemory(Number(limit) * 1024 ** 2);
const uploads = new BucketUploads(objects, { memory, newId: () => crypto.randomUUID() });
const piece = new Uint8Array(1024 ** 2).fill(65);

/** As appends come: a megabyte at a time. */
async function upload(index: number): Promise<void> {
  const key = `_uploads/${index}/data`;
  await uploads.create(key, {});
  await using held = await uploads.open(key, { target: `blobs/${index}` });
  for (let sent = 0; sent < Number(mebibytes); sent += 1) await held?.append([piece]);
  await held?.commit(`blobs/${index}`);
}

let mostBytes = 0;
const measure = () => {
  const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  mostBytes = Math.max(mostBytes, Number(kibibytes) * 1024);
};
measure();
const idleBytes = mostBytes;
const timer = setInterval(measure, 20);
const startedMs = performance.now();
await Promise.all(Array.from({ length: Number(count) }, (_, index) => upload(index)));
clearInterval(timer);
process.stdout.write(JSON.stringify({ idleBytes, mostBytes, seconds: (performance.now() - startedMs) / 1000 }));
