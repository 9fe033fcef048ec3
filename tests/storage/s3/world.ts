// Nodes that push, delete, prune and collect on one bucket, in whatever order chance gives, over a store that loses,
// delays and doubles; and what must hold at every moment.
import { BucketAdding } from "../../../src/storage/s3/adding.ts";
import { BucketCollection, beginCollection } from "../../../src/storage/s3/collection.ts";
import { listObjects } from "../../../src/storage/s3/listing.ts";
import { Notices, scopeOf } from "../../../src/storage/s3/notices.ts";
import { beginRemoving } from "../../../src/storage/s3/removing.ts";
import { bytesOf, openBucket } from "./bucket.ts";
import { Engine } from "./engine.ts";
import type { EngineRequest } from "./engine-request.ts";
import type { Chance } from "./turns.ts";

/** Rules that can be left out, to show that they are needed. */
export interface Flaws {
  readonly isWithoutNotices?: boolean;
  readonly looksFirst?: boolean;
  readonly readsFirst?: boolean;
  readonly looksForNothing?: boolean;
}

const scope = scopeOf("app");
const blobs = ["blobs/0", "blobs/1"] as const;
const links = ["links/0", "links/1"] as const;
const revision = "revisions/r";
/** Tells a user's deletions from those of a collector. */
const userSeconds = 59;

/** One bucket, and what its users were promised. */
export class World {
  readonly engine: Engine;
  readonly #chance: Chance;
  readonly #flaws: Flaws;
  readonly #promised = new Set<string>();
  /** How often a user took each thing away: a promise begun before is worth nothing. */
  readonly #removals = new Map<string, number>();
  #count = 0;

  constructor(chance: Chance, flaws: Flaws) {
    this.#chance = chance;
    this.#flaws = flaws;
    this.engine = new Engine({ pageSize: 2 });
    const { objects } = this.engine;
    const answer = objects.answer.bind(objects);
    objects.answer = (request) => {
      this.#noteRemoval(request);
      return answer(request);
    };
  }

  /** How much was promised so far. */
  promises = 0;

  /** A sentence about something promised that is not there; undefined while all is well. */
  broken(): string | undefined {
    const there = new Set(this.engine.keys());
    const needs = (key: string) => (key === revision ? [...links, ...blobs] : [key.replace("links", "blobs")]);
    for (const key of this.#promised) {
      // What a pruner has taken away may be put again by somebody to whom nothing was promised yet.
      if (!there.has(key)) this.#promised.delete(key);
      const lost = there.has(key) ? needs(key).find((needed) => !there.has(needed)) : undefined;
      if (lost !== undefined) return `${key} was promised, and ${lost} is gone`;
    }
    return undefined;
  }

  /** A node of its own, whose requests wait for their turn. */
  node(turn: () => Promise<void>) {
    const { client, objects } = openBucket({ engine: this.engine, limits: { attempts: 4, totalMs: 1e9 } });
    const send = async (url: string, init: BunFetchRequestInit) => {
      await turn();
      return await this.engine.send(url, init);
    };
    Object.assign(client.options, { send });
    const newId = () => `id-${++this.#count}`;
    const notices = new Notices(objects, { prefix: "notices/", newId });
    if (this.#flaws.isWithoutNotices) notices.list = async () => ({ has: () => false, isDamaged: () => false });
    return { client, objects, notices, newId, adding: new BucketAdding(objects, { notices, scope, seconds: 60 }) };
  }

  #promise(key: string, removals: number | undefined): void {
    if (this.#removals.get(key) !== removals) return;
    this.#promised.add(key);
    this.promises += 1;
  }

  /** Pushes a blob: 201 is promised for its link. */
  async upload({ objects, adding }: Node): Promise<void> {
    const index = this.#chance.below(2);
    const [blob, link] = [blobs[index] ?? blobs[0], links[index] ?? links[0]];
    const isKnown = this.#chance.below(2) === 0 && (await objects.stat(blob)) !== undefined;
    if (!isKnown) await objects.put(blob, bytesOf(blob));
    const removals = this.#removals.get(link);
    const isThere = async () => (await adding.find([blob])).every((found) => typeof found === "object");
    const write = async () => void (await objects.put(link, bytesOf(link)));
    if (this.#flaws.looksForNothing) {
      await write();
      return this.#promise(link, removals);
    }
    let isFine = this.#flaws.looksFirst !== true || (await isThere());
    await write();
    isFine &&= await adding.stands([link]);
    if (this.#flaws.looksFirst !== true) isFine &&= await isThere();
    if (isFine) this.#promise(link, removals);
  }

  /** Pushes a manifest of both blobs. */
  async push({ objects, adding }: Node): Promise<void> {
    for (const key of [...links, ...blobs]) if ((await objects.stat(key)) === undefined) return;
    const removals = this.#removals.get(revision);
    await objects.put(revision, bytesOf(revision));
    const isFine =
      (await adding.stands(links)) && (await adding.find(blobs)).every((found) => typeof found === "object");
    if (isFine) this.#promise(revision, removals);
  }

  /** A user takes something away, and with a link what needs it. */
  async remove({ objects, client }: Node): Promise<void> {
    const key = [...links, revision][this.#chance.below(3)] ?? revision;
    await objects.delete(key, { expiring: { asOfMs: client.options.clock.now(), seconds: userSeconds } });
  }

  /** Whatever was promised of it, before the store carries it out. */
  #noteRemoval({ method, key, expiresSeconds }: EngineRequest): void {
    if (method !== "DELETE" || expiresSeconds !== userSeconds) return;
    for (const each of [key, revision]) {
      this.#promised.delete(each);
      this.#removals.set(each, (this.#removals.get(each) ?? 0) + 1);
    }
  }

  /** Takes links away that no manifest needs. */
  async prune({ objects, notices }: Node): Promise<void> {
    const isNeeded = async () => (await objects.stat(revision)) !== undefined;
    const early = this.#flaws.readsFirst ? await isNeeded() : undefined;
    await using removing = await beginRemoving(objects, { notices, scope, keys: links, seconds: 60 });
    if (early ?? (await isNeeded())) return;
    for (const link of links) await removing.delete(link);
  }

  /** Takes blobs away that no link needs. */
  async collect({ client, objects, notices, newId }: Node): Promise<void> {
    const lease = { key: `gc/lease-${newId()}`, note: "", newId, lifetimeMs: 120_000 };
    const run = await beginCollection(objects, { notices, lease, candidatesKey: "gc/candidates", leastSeconds: 900 });
    if (!(run instanceof BucketCollection)) return;
    await using _ = run;
    const linked = async () => {
      const found = await Array.fromAsync(listObjects(client, { prefix: "links/" }));
      return new Set(found.map(({ key }) => key.replace("links", "blobs")));
    };
    const early = this.#flaws.readsFirst ? await linked() : undefined;
    const condemned = await run.announce();
    const needed = early ?? (await linked());
    await run.destroy(condemned.filter(({ key }) => !needed.has(key)));
    for await (const { key, stat } of listObjects(client, { prefix: "blobs/" }))
      if (!needed.has(key)) run.condemn(key, stat);
    await run.finish(0);
    await notices.sweep();
  }
}

/** What a node has. */
export type Node = ReturnType<World["node"]>;
