// One client: asks for what chance says, writes down what it asks and what it is answered, and pulls what it pushed.
// Tags and manifests are each client's own, so that it knows what they must be; layers, blobs and repositories are shared.
import type { Chance } from "./chance.ts";
import {
  type Content,
  type MadeManifest,
  makeConfig,
  makeImage,
  makeIndex,
  makeLayer,
  makeReferrer,
} from "./contents.ts";
import { crowdedRepository } from "./crowd.ts";
import { type Desk, Refused } from "./desk.ts";
import { type Effect, isCertain, splitPlace } from "./knowledge.ts";
import { pullTag } from "./pull.ts";
import { BlobPusher, type OpenSession } from "./push-blob.ts";

/** Shared by all clients. In each client's own one only it pushes, so only there it can know that a blob is gone. */
export const sharedRepositories: readonly string[] = ["shared/app", "shared/app/part", "other"];
const tagCount = 4;
/** Longer than the grace of the runs with a short one. */
const longPauseMs = 2500;

/** What a client remembers from one round to the next. */
export interface ClientMemory {
  readonly id: number;
  /** Manifests that it pushed, by repository; the newest last. */
  readonly pushed: Map<string, MadeManifest[]>;
  readonly sessions: OpenSession[];
  /** Manifests that an index names or named. */
  readonly children: Set<string>;
  /** How many contents it has made. */
  made: number;
}

/** What a client can do, and how often it does it. */
const operations = {
  push: 10,
  pushIndex: 2,
  pushReferrer: 2,
  retag: 3,
  pull: 5,
  deleteTag: 3,
  deleteManifest: 2,
  pushLoose: 3,
  deleteLoose: 3,
  resume: 2,
} as const;

/** One client of a round. */
export class Client {
  readonly #memory: ClientMemory;
  readonly #chance: Chance;
  readonly #desk: Desk;
  readonly #sharedLayers: readonly Content[];
  readonly #repositories: readonly string[];
  readonly #blobs: BlobPusher;

  constructor(
    memory: ClientMemory,
    means: {
      readonly chance: Chance;
      readonly desk: Desk;
      readonly sharedLayers: readonly Content[];
      /** Whether there is the repository with very many tags. */
      readonly isCrowded: boolean;
    },
  ) {
    this.#memory = memory;
    this.#chance = means.chance;
    this.#desk = means.desk;
    this.#sharedLayers = means.sharedLayers;
    this.#repositories = [...sharedRepositories, this.#own, ...(means.isCrowded ? [crowdedRepository] : [])];
    this.#blobs = new BlobPusher(means.desk, means.chance, memory.sessions);
  }

  /** Does one thing. What a registry may refuse is no failure. */
  async act(): Promise<void> {
    try {
      await this.#do(this.#chance.weigh(operations));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  async #do(operation: keyof typeof operations): Promise<void> {
    const name = this.#chance.pick(this.#repositories);
    switch (operation) {
      case "push":
        return this.#pushTagged(name, await this.#pushParts(name));
      case "pushIndex":
        return this.#pushIndex(name);
      case "pushReferrer":
        return this.#pushReferrer(name);
      case "retag":
        return this.#retag(name);
      case "pull":
        return this.#pull(name);
      case "deleteTag":
        return this.#deleteTag(name);
      case "deleteManifest":
        return this.#deleteManifest(name);
      case "pushLoose":
        return void (await this.#blobs.push(this.#own, this.#chance.pick(this.#sharedLayers), sharedRepositories));
      case "deleteLoose":
        return this.#deleteLoose();
      case "resume":
        return this.#blobs.resume();
    }
  }

  get #own(): string {
    return `client${this.#memory.id}`;
  }

  /** Pushes the blobs of an image. In a client's own repository shared layers are loose: an image has its own there. */
  async #pushParts(name: string): Promise<MadeManifest> {
    const layers = Array.from({ length: this.#chance.between(1, 3) }, () =>
      name !== this.#own && this.#chance.happens(0.7)
        ? this.#chance.pick(this.#sharedLayers)
        : makeLayer(this.#fresh()),
    );
    const config = makeConfig(this.#label());
    for (const content of [config, ...new Set(layers)]) await this.#blobs.push(name, content, sharedRepositories);
    if (this.#chance.happens(0.05)) await this.#desk.rest(this.#chance.below(longPauseMs));
    return makeImage(config, [...new Set(layers)]);
  }

  async #pushTagged(name: string, manifest: MadeManifest): Promise<void> {
    const tag = `c${this.#memory.id}-${this.#chance.below(tagCount)}`;
    await this.#putManifest(name, manifest, tag);
    if (this.#chance.happens(0.3)) await pullTag(this.#desk, `${name}:${tag}`);
  }

  async #putManifest(name: string, manifest: MadeManifest, tag: string | undefined): Promise<void> {
    const { digest, mediaType, bytes, names } = manifest;
    const effects: Effect[] = [{ what: "manifest", place: `${name}@${digest}`, value: true }];
    if (tag !== undefined) effects.push({ what: "tag", place: `${name}:${tag}`, value: digest });
    const sentMs = performance.now();
    const promised = [
      ...names.blobs.map((blob) => `${name}@${blob}`),
      ...names.children.map((child) => `${name}@${child}`),
    ];
    await this.#desk.change({
      path: `/v2/${name}/manifests/${tag ?? digest}`,
      init: { method: "PUT", headers: { "Content-Type": mediaType }, body: bytes },
      effects,
      made: { digest, names },
      wanted: 201,
      refusal: { status: 404, promised },
    });
    this.#desk.promise(`${name}@${digest}`, sentMs);
    const others = (this.#memory.pushed.get(name) ?? []).filter((other) => other.digest !== digest);
    this.#memory.pushed.set(name, [...others, manifest].slice(-20));
  }

  async #pushIndex(name: string): Promise<void> {
    const children = [await this.#pushParts(name), await this.#pushParts(name)];
    for (const child of children) {
      this.#memory.children.add(child.digest);
      await this.#putManifest(name, child, undefined);
    }
    await this.#pushTagged(name, makeIndex(this.#label(), children));
  }

  async #pushReferrer(name: string): Promise<void> {
    const subject = this.#pickPushed(name);
    if (subject === undefined) return;
    const config = makeConfig(this.#label());
    await this.#blobs.push(name, config, sharedRepositories);
    await this.#putManifest(name, makeReferrer(config, subject), undefined);
  }

  async #retag(name: string): Promise<void> {
    const manifest = this.#pickPushed(name);
    if (manifest !== undefined) await this.#pushTagged(name, manifest);
  }

  async #pull(name: string): Promise<void> {
    const tag = this.#pickTag(name);
    if (tag !== undefined) await pullTag(this.#desk, tag.place);
  }

  async #deleteTag(name: string): Promise<void> {
    const tag = this.#pickTag(name);
    if (tag === undefined) return;
    await this.#desk.change({
      path: `/v2/${name}/manifests/${splitPlace(tag.place).digest}`,
      init: { method: "DELETE" },
      effects: [{ what: "tag", place: tag.place, value: null }],
      wanted: 202,
    });
  }

  /** Not one that an index names, which would break the index as asked; and only where it knows what its tags are. */
  async #deleteManifest(name: string): Promise<void> {
    const manifest = this.#pickPushed(name);
    const tags = this.#ownTags(name);
    if (manifest === undefined || this.#memory.children.has(manifest.digest)) return;
    if (tags.some(({ values }) => values.size > 1)) return;
    const place = `${name}@${manifest.digest}`;
    const effects: Effect[] = [{ what: "manifest", place, value: false }];
    for (const tag of tags)
      if (tag.values.has(manifest.digest)) effects.push({ what: "tag", place: tag.place, value: null });
    const isThere = isCertain(this.#desk.knowledge.of("manifest", place), true);
    await this.#desk.change({
      path: `/v2/${name}/manifests/${manifest.digest}`,
      init: { method: "DELETE" },
      effects,
      wanted: 202,
      ...(isThere ? {} : { refusal: { status: 404 } }),
    });
  }

  async #deleteLoose(): Promise<void> {
    const { digest } = this.#chance.pick(this.#sharedLayers);
    const place = `${this.#own}@${digest}`;
    await this.#desk.change({
      path: `/v2/${this.#own}/blobs/${digest}`,
      init: { method: "DELETE" },
      effects: [{ what: "blob", place, value: false }],
      wanted: 202,
      refusal: { status: 404 },
    });
  }

  #pickPushed(name: string): MadeManifest | undefined {
    const pushed = this.#memory.pushed.get(name) ?? [];
    return pushed.length === 0 ? undefined : this.#chance.pick(pushed);
  }

  #ownTags(name: string) {
    return Array.from({ length: tagCount }, (_, index) => {
      const place = `${name}:c${this.#memory.id}-${index}`;
      return { place, values: this.#desk.knowledge.of("tag", place) };
    });
  }

  /** One of its tags that it is certain of. */
  #pickTag(name: string) {
    const tags = this.#ownTags(name).filter(({ values }) => values.size === 1 && !values.has(null));
    return tags.length === 0 ? undefined : this.#chance.pick(tags);
  }

  #fresh(): Chance {
    return this.#chance.fork(this.#label());
  }

  #label(): string {
    this.#memory.made += 1;
    return `client ${this.#memory.id}, ${this.#memory.made}`;
  }
}
