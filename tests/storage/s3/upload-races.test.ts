// Nodes that go on with the same upload in any order, on a store that loses, delays and doubles: whatever becomes a blob
// is what its name says. FAST_CHECK_RUNS=2000 searches longer.
import { expect, test } from "bun:test";
import { readContent } from "../../../src/lib/content.ts";
import { PartMemory } from "../../../src/storage/s3/part-memory.ts";
import type { HeldUpload } from "../../../src/storage/s3/upload.ts";
import { BucketUploads } from "../../../src/storage/s3/uploads.ts";
import { openBucket } from "./bucket.ts";
import { Engine } from "./engine.ts";
import { type Chance, chanceOf, disturb, Turns } from "./turns.ts";

const runs = Number(process.env.FAST_CHECK_RUNS ?? 15);
const key = "_uploads/1/data";
const partBytes = 64;

const hashOf = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

/** What the bytes of an upload are, by the note that is kept beside them; without one, they are read. */
async function bytesOf(upload: HeldUpload, noted: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  if (upload.sizeBytes === 0) return new Uint8Array();
  const known = upload.note === undefined ? undefined : noted.get(upload.note);
  return known ?? (await readContent(await upload.content()));
}

/** One request of a node: some bytes more, and perhaps the last ones. */
async function request(uploads: BucketUploads, chance: Chance, noted: Map<string, Uint8Array>): Promise<boolean> {
  const isWhole = chance.below(4) === 0;
  // Of a few lengths, so that the sizes of what two nodes have are often the same.
  const more = Buffer.from(
    String(chance.below(1e9))
      .padStart(10)
      .repeat([0, 3, 10][chance.below(3)] ?? 0),
  );
  const target = isWhole ? `blobs/${hashOf(more)}` : undefined;
  await using upload = await uploads.open(key, target === undefined ? {} : { target });
  if (upload === undefined) return false;
  const before = await bytesOf(upload, noted);
  const isTarget = target !== undefined && before.length === 0;
  await upload.append([more]).catch(() => {});
  const bytes = Buffer.concat([before, more]);
  // A part that failed, or bytes that cannot be added any more.
  if (upload.sizeBytes !== bytes.length) return false;
  const hash = hashOf(bytes);
  noted.set(hash, bytes);
  upload.keep(hash);
  if (!isTarget && chance.below(3) > 0) return false;
  await upload.commit(`blobs/${hash}`);
  return true;
}

async function play(seed: number): Promise<{ readonly wrong: readonly string[]; readonly commits: number }> {
  const chance = chanceOf(seed);
  const engine = new Engine({ pageSize: 2, isCopyConditional: false });
  const turns = new Turns(chance);
  const { step } = disturb({ engine }, chance);
  const noted = new Map<string, Uint8Array>();
  let [count, commits] = [0, 0];
  const work = Array.from({ length: 4 }, async (_, actor) => {
    const { client, objects } = openBucket({ engine, limits: { attempts: 3, totalMs: 1e9 } });
    const send = async (url: string, init: BunFetchRequestInit) => {
      await turns.wait(actor);
      return await engine.send(url, init);
    };
    Object.assign(client.options, { send });
    const options = { memory: new PartMemory(0), newId: () => `id-${++count}`, partBytes: () => partBytes };
    const uploads = new BucketUploads(objects, options);
    for (let round = 0; round < 4; round += 1) {
      await uploads.create(key, {}).catch(() => {});
      const isCommitted = await request(uploads, chance, noted).catch(() => false);
      if (isCommitted) commits += 1;
      if (chance.below(6) === 0) await uploads.cancel(key).catch(() => {});
    }
  });
  await turns.give(work, step);
  await engine.arrive();
  const blobs = engine.keys().filter((each) => each.startsWith("blobs/"));
  const wrong = blobs.filter((each) => each !== `blobs/${hashOf(engine.objects.get(each)?.bytes ?? new Uint8Array())}`);
  return { wrong, commits };
}

test("what becomes a blob is what its name says", async () => {
  const wrong: string[] = [];
  let commits = 0;
  for (let seed = 1; seed <= runs; seed += 1) {
    const outcome = await play(seed);
    commits += outcome.commits;
    wrong.push(...outcome.wrong.map((blob) => `seed ${seed}: ${blob}`));
  }
  expect([wrong, commits > runs / 2]).toEqual([[], true]);
}, 600_000);
