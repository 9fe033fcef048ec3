// Nodes of a registry that push, delete and collect on one bucket, in whatever order chance gives, over a store that loses,
// delays, doubles and refuses; and what their users were told, which must hold at every moment.
import type { Digest } from "../../../src/oci/digest.ts";
import type { RepositoryName } from "../../../src/oci/name.ts";
import type { Tag } from "../../../src/oci/reference.ts";
import { type Actor, anonymous } from "../../../src/registry/actor.ts";
import { collectGarbage } from "../../../src/registry/gc/gc.ts";
import { openRegistry, type Registry } from "../../../src/registry/registry.ts";
import type { Store } from "../../../src/registry/store.ts";
import { openBucket } from "../../storage/s3/bucket.ts";
import { openNode } from "../../storage/s3/bucket-store.ts";
import { Engine } from "../../storage/s3/engine.ts";
import type { Chance } from "../../storage/s3/turns.ts";
import { chunk } from "../sessions.ts";
import { digestOf, named, tagged, utf8 } from "../stocked.ts";
import { type Flaw, flawed } from "./flaws.ts";
import { Promises } from "./promises.ts";

/** Longer than a put of a tag is good for; shorter than what nodes sleep. */
export const graceMs = 100_000;

/** The repositories of this world. */
export const repositories = [named("app"), named("team/b")] as const;
/** What tags there are. */
export const tags = [tagged("t"), tagged("u")] as const;

/** An image: what a client pushes. */
interface Image {
  readonly text: string;
  readonly digest: Digest;
  readonly blobs: readonly { readonly text: string; readonly digest: Digest }[];
}

function imageOf(config: string, layers: readonly string[]): Image {
  const describe = (text: string) => ({
    mediaType: "application/octet-stream",
    digest: digestOf(text),
    size: text.length,
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const text = JSON.stringify({ schemaVersion: 2, mediaType, config: describe(config), layers: layers.map(describe) });
  return {
    text,
    digest: digestOf(text),
    blobs: [config, ...layers].map((each) => ({ text: each, digest: digestOf(each) })),
  };
}

/** What is pushed in it. */
export const images = [imageOf("1", ["x"]), imageOf("2", ["x", "yy"])] as const;

/** What a user or a collector does. */
export type Deed = "push" | "deleteManifest" | "deleteTag" | "collect";

/** A request that is about to be sent, signed already. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
}

/** A process with a registry. */
export interface WorldNode {
  readonly name: string;
  readonly store: Store;
  readonly registry: Registry;
  readonly actor: Actor;
}

/** What differs between worlds. */
export interface WorldOptions {
  /** A rule that nobody keeps. */
  readonly flaw?: Flaw | undefined;
  readonly scratch: string;
  /** Whether collections take manifests that no tag leads to. */
  readonly deletesUntagged?: boolean | undefined;
}

/** One bucket, and what its users were promised. */
export class World {
  readonly engine: Engine;
  readonly promises: Promises;
  readonly #chance: Chance;
  readonly #options: WorldOptions;
  #count = 0;

  constructor(chance: Chance, options: WorldOptions) {
    this.#chance = chance;
    this.#options = options;
    this.engine = new Engine({ pageSize: 3, isExpiryEnforced: options.flaw !== "expiry is not enforced" });
    const rules = options.deletesUntagged === true ? { untaggedMs: graceMs } : {};
    this.promises = new Promises(this.engine, rules);
  }

  /** A node whose requests wait for their turn. */
  node(turn: (request: SentRequest) => Promise<void>): WorldNode {
    const { client, objects } = openBucket({ engine: this.engine, limits: { attempts: 4, totalMs: 1e9 } });
    const send = async (url: string, init: BunFetchRequestInit) => {
      await turn({ method: init.method ?? "GET", url });
      return await this.engine.send(url, init);
    };
    Object.assign(client.options, { send });
    const uuid = () => {
      this.#count += 1;
      return `00000000-0000-4000-8000-${String(this.#count).padStart(12, "0")}`;
    };
    const { scratch, flaw } = this.#options;
    const driver = flawed(openNode(objects, { scratch, newId: uuid }), { flaw, client });
    const store: Store = { ...driver, now: () => client.options.clock.now(), uuid };
    const registry = openRegistry(store, { rules: { urls: "any", children: "all" } });
    return { name: String(this.#count), store, registry, actor: anonymous() };
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#chance.below(list.length)] as T;
  }

  /** What is there before anything goes wrong. */
  async stock(node: WorldNode): Promise<void> {
    const [first, second] = repositories;
    await this.pushImage(node, { name: first, image: images[0], tag: tags[0] });
    await this.pushImage(node, { name: first, image: images[1], tag: tags[1] });
    await this.pushImage(node, { name: second, image: images[0], tag: undefined });
  }

  /** Pushes an image as clients do: each blob is found, mounted or uploaded; then the manifest. */
  async push(node: WorldNode): Promise<void> {
    const tag = this.#pick([...tags, undefined]);
    await this.pushImage(node, { name: this.#pick(repositories), image: this.#pick(images), tag });
  }

  /** Pushes an image; throws if it is refused. */
  async pushImage(
    { registry }: WorldNode,
    { name, image, tag }: { readonly name: RepositoryName; readonly image: Image; readonly tag: Tag | undefined },
  ): Promise<void> {
    const repository = registry.repository(name, anonymous());
    const begun = this.promises.begin(name, { manifest: image.digest, tag });
    try {
      for (const blob of image.blobs) await this.#bring(repository, name, blob);
      const put = {
        bytes: utf8(image.text),
        contentType: undefined,
        digest: undefined,
        tags: tag === undefined ? [] : [tag],
      };
      await repository.manifests.put(put);
      begun.promise({ blobs: image.blobs.map(({ digest }) => digest) });
    } finally {
      begun.end();
    }
  }

  async #bring(
    repository: ReturnType<Registry["repository"]>,
    name: RepositoryName,
    { text, digest }: Image["blobs"][number],
  ): Promise<void> {
    const isThere = await repository.blobs.promise(digest).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    const from = repositories.find((each) => each !== name);
    if (this.#chance.below(2) === 0 && (await repository.blobs.mount({ digest, from })) !== undefined) return;
    const isBrief = this.#chance.below(2) === 0;
    const id = await repository.uploads.start("sha256", { isBrief });
    if (!isBrief && this.#chance.below(2) === 0) {
      await repository.uploads.append(id, chunk(text));
      await repository.uploads.commit(id, chunk(), digest);
    } else await repository.uploads.commit(id, chunk(text), digest);
  }

  /** A user takes a manifest away, with every tag that points to it. */
  async deleteManifest({ registry }: WorldNode): Promise<void> {
    const [name, { digest }] = [this.#pick(repositories), this.#pick(images)];
    const removed = this.promises.remove(name, { manifest: digest });
    try {
      await registry.repository(name, anonymous()).manifests.delete(digest);
    } finally {
      removed.end();
    }
  }

  /** A user takes a tag away. */
  async deleteTag({ registry }: WorldNode): Promise<void> {
    const [name, tag] = [this.#pick(repositories), this.#pick(tags)];
    const removed = this.promises.remove(name, { tag });
    try {
      await registry.repository(name, anonymous()).tags.delete(tag);
    } finally {
      removed.end();
    }
  }

  /** Collects garbage. */
  async collect({ store, name }: WorldNode): Promise<void> {
    await collectGarbage(store, {
      graceMs,
      deletesUntagged: this.#options.deletesUntagged === true,
      rules: { urls: "any", children: "all" },
      isDryRun: false,
      uploadAgeMs: graceMs,
      note: name,
      report: () => {},
    });
  }
}
