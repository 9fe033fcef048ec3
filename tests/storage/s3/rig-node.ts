// A node of the crash rig, in a process of its own: pushes, prunes and collects on a bucket until it is killed, and says
// on standard output what it has promised, and what a user took away from it before.
import { BucketAdding } from "../../../src/storage/s3/adding.ts";
import { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import { BucketCollection, beginCollection } from "../../../src/storage/s3/collection.ts";
import { listObjects } from "../../../src/storage/s3/listing.ts";
import { Notices, scopeOf } from "../../../src/storage/s3/notices.ts";
import { beginRemoving } from "../../../src/storage/s3/removing.ts";
import { bytesOf } from "./bucket.ts";
import { clientOf } from "./engines.ts";

const [endpoint = "", name = "", secondsText = "60"] = process.argv.slice(2);
const seconds = Number(secondsText);
const objects = new BucketObjects(clientOf(new URL(endpoint)));
const newId = () => crypto.randomUUID();
const notices = new Notices(objects, { prefix: "notices/", newId, marginMs: 4_000 });
const scope = scopeOf("app");
const adding = new BucketAdding(objects, { notices, scope });
const contents = Array.from({ length: 10 }, (_, index) => index);

const say = (line: string) => process.stdout.write(`${line}\n`);
const pick = (limit: number) => Math.floor(Math.random() * limit);

/** A manifest of its own name that needs two contents of those that all nodes share. */
async function push(count: number): Promise<void> {
  const needed = [pick(contents.length), pick(contents.length)];
  const links = needed.map((index) => `links/${index}`);
  const blobs = needed.map((index) => `blobs/${index}`);
  for (const [index, link] of links.entries()) {
    const blob = blobs[index] ?? "";
    if ((await objects.stat(blob)) === undefined) await objects.put(blob, bytesOf(blob));
    await objects.put(link, bytesOf(link));
  }
  const revision = `revisions/${name}-${count}`;
  await objects.put(revision, bytesOf(needed.join(" ")));
  const stands = await adding.stands([revision, ...links]);
  const found = stands ? await adding.find(blobs) : [];
  if (!stands || !found.every((each) => typeof each === "object")) return;
  promised.set(revision, [revision, ...links, ...blobs]);
  say(`promised ${revision} ${needed.join(" ")}`);
}

/** What each promised manifest needs. */
const promised = new Map<string, readonly string[]>();

/** Looks before whether everything is there that was promised. */
async function remove(revision: string): Promise<void> {
  for (const key of promised.get(revision) ?? [])
    if ((await objects.stat(key)) === undefined) say(`lost ${revision}: ${key}`);
  promised.delete(revision);
  say(`removed ${revision}`);
  await objects.delete(revision);
}

/** The contents that manifests need. */
async function needed(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const { key } of listObjects(objects.client, { prefix: "revisions/" })) {
    const text = new TextDecoder().decode((await objects.read(key, 100))?.bytes);
    for (const index of text.split(" ")) found.add(index);
  }
  return found;
}

async function prune(): Promise<void> {
  await notices.sweep();
  const links = (await Array.fromAsync(listObjects(objects.client, { prefix: "links/" }))).map(({ key }) => key);
  await using removing = await beginRemoving(objects, { notices, scope, keys: links, seconds });
  const held = await needed();
  for (const link of links) if (!held.has(link.replace("links/", ""))) await removing.delete(link);
}

async function collect(): Promise<void> {
  const lease = { key: `gc/lease-${pick(2)}`, note: name, newId };
  const run = await beginCollection(objects, { notices, lease, candidatesKey: "gc/candidates" });
  if (!(run instanceof BucketCollection)) return;
  await using _ = run;
  const condemned = await run.announce();
  const links = (await Array.fromAsync(listObjects(objects.client, { prefix: "links/" }))).map(({ key }) => key);
  const held = new Set(links.map((link) => link.replace("links/", "blobs/")));
  await run.destroy(condemned.filter(({ key }) => !held.has(key)));
  for await (const { key, stat } of listObjects(objects.client, { prefix: "blobs/" }))
    if (!held.has(key)) run.condemn(key, stat);
  await run.finish(0);
}

/** What this node and those that it takes the place of have pushed, and few of it: most contents are garbage, for a while. */
const mine = (await Array.fromAsync(listObjects(objects.client, { prefix: `revisions/${name.split("-")[0]}-` }))).map(
  ({ key }) => key,
);
const mostKept = 2;

async function turn(count: number): Promise<void> {
  while (mine.length > mostKept) await remove(mine.splice(pick(mine.length), 1)[0] ?? "");
  const lot = pick(10);
  if (lot < 6) {
    mine.push(`revisions/${name}-${count}`);
    await push(count);
  } else if (lot < 8) await prune();
  else await collect();
}

for (let count = 0; ; count += 1) {
  // A failure is no promise.
  await turn(count).catch((error: Error) => say(`failed ${error.message}`));
}
