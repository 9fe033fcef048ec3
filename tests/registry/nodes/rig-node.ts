// A node of the rig, in a process of its own: a registry on a bucket of a real store, which pushes images and deletes them, or
// collects, until it is killed, and says on standard output what it was answered, and what a user is about to take away.
import { anonymous } from "../../../src/registry/actor.ts";
import { collectGarbage } from "../../../src/registry/gc/gc.ts";
import { openRegistry } from "../../../src/registry/registry.ts";
import { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import { openNode } from "../../storage/s3/bucket-store.ts";
import { clientOf } from "../../storage/s3/engines.ts";
import { chunk } from "../sessions.ts";
import { digestOf, named, tagged, utf8 } from "../stocked.ts";
import { type Flaw, flawed } from "./flaws.ts";
import { type Acknowledged, imageOf, lostOf, rigGraceMs, rigTiming } from "./rig-images.ts";

const [endpoint = "", name = "", scratch = "", role = ""] = process.argv.slice(2);
const client = clientOf(new URL(endpoint), { limits: { attempts: 3, totalMs: 4000 } });
const uuid = () => crypto.randomUUID();
const objects = new BucketObjects(client);
// To see that what is lost is found.
const flaw = process.env.RIG_FLAW as Flaw | undefined;
const driver = flawed(openNode(objects, { scratch, newId: uuid, timing: rigTiming }), { flaw, client });
const store = { ...driver, now: () => client.options.clock.now(), uuid };
const rules = { urls: "any", children: "all" } as const;
const registry = openRegistry(store, { rules });
const repositories = [named("app"), named("team/b")] as const;

const say = (line: string) => process.stdout.write(`${line}\n`);
const pick = (limit: number) => Math.floor(Math.random() * limit);

/** What this node has pushed, and has not taken away. */
const mine: {
  readonly repository: (typeof repositories)[number];
  readonly digest: ReturnType<typeof digestOf>;
  readonly tag: string;
}[] = [];
const mostKept = 1;
const promised = new Map<string, Acknowledged>();

/** As clients do: each blob is found, mounted or uploaded; then the manifest. */
async function push(count: number): Promise<void> {
  const repository = repositories[pick(2)] ?? repositories[0];
  const other = repositories.find((each) => each !== repository);
  const tag = `${name}-${count}`;
  const image = imageOf(tag, [pick(6), pick(6)]);
  const { blobs, uploads, manifests } = registry.repository(repository, anonymous());
  for (const text of image.blobs) {
    const digest = digestOf(text);
    if (
      await blobs.promise(digest).then(
        () => true,
        () => false,
      )
    )
      continue;
    if (pick(2) === 0 && (await blobs.mount({ digest, from: other })) !== undefined) continue;
    const isBrief = pick(2) === 0;
    const id = await uploads.start("sha256", { isBrief });
    if (!isBrief) await uploads.append(id, chunk(text));
    await uploads.commit(id, chunk(isBrief ? text : ""), digest);
  }
  const digest = digestOf(image.text);
  mine.push({ repository, digest, tag });
  await manifests.put({ bytes: utf8(image.text), contentType: undefined, digest: undefined, tags: [tagged(tag)] });
  const acknowledged = [repository, digest, tag, ...image.blobs.map((text) => digestOf(text))];
  promised.set(digest, acknowledged);
  say(`promised ${acknowledged.join(" ")}`);
}

async function remove(): Promise<void> {
  const index = pick(mine.length);
  const image = mine[index];
  if (image === undefined) return;
  const { repository, digest, tag } = image;
  const acknowledged = promised.get(digest);
  for (const what of acknowledged === undefined ? [] : await lostOf(objects, acknowledged)) say(`lost ${what}`);
  if (acknowledged !== undefined) say(`checked ${tag}`);
  promised.delete(digest);
  mine.splice(index, 1);
  say(`removed ${repository} ${digest}`);
  const { manifests, tags } = registry.repository(repository, anonymous());
  if (pick(2) === 0) await manifests.delete(digest);
  else await tags.delete(tagged(tag));
}

async function collect(): Promise<void> {
  const options = { graceMs: rigGraceMs, deletesUntagged: true, rules, isDryRun: false, uploadAgeMs: rigGraceMs };
  const outcome = await collectGarbage(store, { ...options, note: name, report: () => {} });
  if ("purged" in outcome) say(`collected ${outcome.purged}`);
}

async function turn(count: number): Promise<void> {
  if (role === "collector") return await collect();
  if (mine.length > mostKept) return await remove();
  await push(count);
}

for (let count = 0; ; count += 1) {
  // A failure is no promise.
  await turn(count).catch((error: Error) => say(`failed ${error.message.replaceAll("\n", " ")}`));
}
