// Brings mirrors up to date, one after the other; one that fails does not stop the others. One process on a store does
// that at a time.

import { compileNameGlob } from "../../lib/name-glob.ts";
import { messageOf } from "../../lib/system-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { RegistryError } from "../../oci/errors.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import type { Actor } from "../../registry/actor.ts";
import { sweepArrivals } from "../../registry/arrival.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Repository } from "../../registry/repository.ts";
import { ifThere } from "../../transfer/absence.ts";
import { ImageCopier, startCopyRun } from "../../transfer/copy.ts";
import { countCopies } from "../../transfer/copy-report.ts";
import type { DestinationPlace, SourcePlace } from "../../transfer/place.ts";
import { isGlob } from "../../transfer/reference.ts";
import { storeDestination } from "../../transfer/store-destination.ts";
import { storeSource } from "../../transfer/store-source.ts";
import { findRemoved, selectTags } from "../../transfer/sync-selection.ts";
import { arrivalAgeMs } from "./copy-images.ts";
import { type Mirror, mirroredPrefix, stampMirror } from "./mirrors.ts";
import { type CopiedStore, listRepositoryNames, repositorySource } from "./places.ts";
import { Registries, type RegistriesOptions } from "./registries.ts";

/** What a run works with. */
export interface SyncDependencies extends Omit<RegistriesOptions, "login"> {
  readonly copied: CopiedStore;
  /** Reports pushes and deletions; the store's own registry, if there is no receiver. */
  readonly told: Registry;
  /** Says who works, to another process that wants to. */
  readonly note: string;
  readonly report: (event: SyncEvent) => void;
}

/** What happened to a mirror. */
export type SyncEvent =
  | { readonly kind: "copied"; readonly from: string; readonly to: string; readonly digest: string }
  | { readonly kind: "deleted"; readonly to: string }
  /** A tag, or a whole mirror, that could not be brought up to date. */
  | { readonly kind: "failed"; readonly what: string; readonly problem: string }
  | ({ readonly kind: "mirrored"; readonly mirror: string } & SyncCounts);

/** What bringing a mirror up to date came to. */
export interface SyncCounts {
  readonly copied: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly failed: number;
  readonly sentBytes: number;
}

const actor: Actor = { name: "sync", requestId: undefined };

/** Brings these mirrors up to date; what they came to together, or who does that already. */
export async function syncMirrors(
  mirrors: readonly Mirror[],
  dependencies: SyncDependencies,
): Promise<SyncCounts | { readonly heldBy: string }> {
  const { store } = dependencies.copied;
  const hold = await store.changes.hold(mirroredPrefix, dependencies.note);
  if ("heldBy" in hold) return hold;
  await using _held = hold;
  await sweepArrivals(store, arrivalAgeMs);
  let total: SyncCounts = { copied: 0, unchanged: 0, deleted: 0, failed: 0, sentBytes: 0 };
  for (const mirror of mirrors) {
    dependencies.signal.throwIfAborted();
    const counts = await new MirrorRun(mirror, dependencies).run();
    if (counts.failed === 0) await stampMirror(store, mirror);
    dependencies.report({ kind: "mirrored", mirror: mirror.label, ...counts });
    total = add(total, counts);
  }
  return total;
}

function add(a: SyncCounts, b: SyncCounts): SyncCounts {
  return {
    copied: a.copied + b.copied,
    unchanged: a.unchanged + b.unchanged,
    deleted: a.deleted + b.deleted,
    failed: a.failed + b.failed,
    sentBytes: a.sentBytes + b.sentBytes,
  };
}

class MirrorRun {
  readonly #mirror: Mirror;
  readonly #dependencies: SyncDependencies;
  readonly #registries: Registries;
  readonly #counting = countCopies();
  readonly #counts = { copied: 0, unchanged: 0, deleted: 0, failed: 0 };

  constructor(mirror: Mirror, dependencies: SyncDependencies) {
    this.#mirror = mirror;
    this.#dependencies = dependencies;
    this.#registries = new Registries({ ...dependencies, login: mirror.login });
  }

  async run(): Promise<SyncCounts> {
    const { from, label } = this.#mirror;
    await this.#attempt(label, async () => {
      const places = { store: this.#dependencies.copied, registries: this.#registries };
      const only = parseRepositoryName(from.names);
      if (only !== undefined) return await this.#repository(only);
      const glob = compileNameGlob(from.names);
      let count = 0;
      for await (const name of listRepositoryNames(places, from.host)) {
        if (!glob.match(name)) continue;
        count += 1;
        await this.#attempt(`${from.host}/${name}`, () => this.#repository(name));
      }
      if (count === 0)
        throw new RegistryError("NAME_UNKNOWN", { message: "there is no such repository, or none is listed" });
    });
    return { ...this.#counts, sentBytes: this.#counting.summary().sentBytes };
  }

  /** A failure is reported and counted; an interruption is not one. */
  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#dependencies.signal.throwIfAborted();
      this.#counts.failed += 1;
      this.#dependencies.report({ kind: "failed", what, problem: messageOf(error) });
    }
  }

  async #repository(name: RepositoryName): Promise<void> {
    const { copied } = this.#dependencies;
    const { from, selection, deletes } = this.#mirror;
    const source = await repositorySource({ store: copied, registries: this.#registries }, from.host, name);
    const repository = this.#repositoryHere(name);
    const home = { registry: "", name: repository.name };
    const mayUse = (blob: Descriptor) => this.#isOffered(name, blob);
    const destination = await storeDestination(copied.store, repository, { home, mayUse });
    const upstream = await Array.fromAsync(source.tags());
    // Nothing is taken for removed because a registry hides what it does not show.
    if (upstream.length === 0)
      throw new RegistryError("NAME_UNKNOWN", { message: "it has no tags, or does not show them" });
    const copier = new ImageCopier(source, destination, startCopyRun(this.#counting.report, this.#dependencies.signal));
    for (const tag of selectTags(upstream, selection)) {
      await this.#attempt(`${source.label}:${tag}`, () => this.#tag(tag, { source, destination, copier }));
    }
    if (!deletes) return;
    const here = (await ifThere(Array.fromAsync(storeSource(repository, home).tags()))) ?? [];
    for (const tag of findRemoved(here, upstream, selection)) {
      await requireRemoved(tag, source);
      await this.#attempt(`${repository.name}:${tag}`, () => this.#delete(repository, tag));
    }
  }

  /** An upstream that merely names a blob of another repository here does not get it: it has to have it, or to send it. */
  async #isOffered(name: RepositoryName, { digest }: Descriptor): Promise<boolean> {
    const { host } = this.#mirror.from;
    if (host === undefined) return true;
    return await (await this.#registries.api(host)).hasBlob(name, digest).catch(() => false);
  }

  /** Pushes and deletions are reported; reading counts as no pull. */
  #repositoryHere(name: RepositoryName): Repository {
    const { to, from } = this.#mirror;
    const below = isGlob(from.names) ? parseRepositoryName(to === undefined ? name : `${to}/${name}`) : undefined;
    const here = below ?? parseRepositoryName(to ?? name);
    if (here === undefined) throw new RegistryError("NAME_INVALID", { message: `${to}/${name} is no repository name` });
    const quiet = this.#dependencies.copied.registry.repository(here, actor);
    const told = this.#dependencies.told.repository(here, actor);
    return {
      ...quiet,
      manifests: { ...quiet.manifests, put: (put) => told.manifests.put(put) },
      tags: { ...quiet.tags, delete: (tag) => told.tags.delete(tag) },
    };
  }

  async #tag(
    tag: Tag,
    {
      source,
      destination,
      copier,
    }: { readonly source: SourcePlace; readonly destination: DestinationPlace; readonly copier: ImageCopier },
  ): Promise<void> {
    const { withReferrers } = this.#mirror;
    const [there, here] = [await source.tagged(tag), await destination.tagged(tag)];
    if (there !== undefined && there === here && !withReferrers) {
      this.#counts.unchanged += 1;
      return;
    }
    const reference = { kind: "tag", tag } as const;
    const digest = await copier.copy({ reference, tags: [tag], platform: undefined, withReferrers });
    if (digest === here) this.#counts.unchanged += 1;
    else {
      this.#counts.copied += 1;
      this.#dependencies.report({
        kind: "copied",
        from: `${source.label}:${tag}`,
        to: `${destination.label}:${tag}`,
        digest,
      });
    }
  }

  async #delete(repository: Repository, tag: Tag): Promise<void> {
    try {
      await repository.tags.delete(tag);
    } catch (error) {
      // An immutable tag stays: that is no failure, which would be tried again every quarter of an hour.
      if (error instanceof RegistryError && error.code === "DENIED") return;
      throw error;
    }
    this.#counts.deleted += 1;
    this.#dependencies.report({ kind: "deleted", to: `${repository.name}:${tag}` });
  }
}

/** The tag itself has the last word: a list may be cut short by whatever lies between. */
async function requireRemoved(tag: Tag, source: SourcePlace): Promise<void> {
  const found = (await source.tagged(tag)) ?? (await source.manifest({ kind: "tag", tag }));
  if (found === undefined) return;
  throw new RegistryError("UPSTREAM_INVALID", { message: `its list of tags leaves out ${tag}; nothing was deleted` });
}
