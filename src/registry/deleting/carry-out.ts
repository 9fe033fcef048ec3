// Carrying out a deletion that was planned, beside pushes and collectors: what the order names goes, unless something has
// come since that needs it. Everything is looked at again once it is announced, a part at a time, so that pushes get their
// turn.
import { createPacer } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import type { Removing } from "../../storage/changes.ts";
import { deleteRevision, finishDeletion } from "../deletions.ts";
import { type RepositoryScan, readNames } from "../gc/scan.ts";
import { type IsImmutable, noneImmutable, refuseDeletion } from "../immutable-tags.ts";
import { digestFromPath, referrerLink, revisionLink, revisionsPrefix } from "../layout.ts";
import type { DeletedManifest, DeletedTag } from "../manifest-deletions.ts";
import { describeBytes } from "../manifest-memory.ts";
import { findManifest } from "../manifests.ts";
import { removeIfEmpty } from "../repositories.ts";
import { type Store, withRemoving } from "../store.ts";
import { tagSearchOf } from "../tag-search.ts";
import { readTag, removeTag } from "../tags.ts";
import { type DeletionOrder, type DeletionTasks, type KeptContent, keptReasons, planOrder } from "./deletion-order.ts";
import { scanForDeletion } from "./plan-deletion.ts";
import type { RemovalReason } from "./removal.ts";
import type { TaggedDigest } from "./selection.ts";

/** What was done. */
export interface DeletionOutcome {
  readonly tags: readonly TaggedDigest[];
  readonly manifests: readonly Digest[];
  readonly kept: readonly KeptContent[];
}

/** Something that is gone. */
export type Deleted =
  | { readonly kind: "manifest"; readonly deleted: DeletedManifest }
  | { readonly kind: "tag"; readonly deleted: DeletedTag };

/** How to carry it out. */
export interface CarryOutOptions {
  readonly order: DeletionOrder;
  readonly isImmutable?: IsImmutable | undefined;
  /** Told of everything that is gone, without the lock. */
  readonly note?: ((deleted: Deleted) => Promise<void>) | undefined;
  /** Ends it between two steps; what is gone stays so. */
  readonly signal?: AbortSignal | undefined;
}

/** How long pushes wait at most for one round, apart from its last step. */
const roundMs = 300;
/** Pushes that rely on what a round may come to are refused meanwhile, if they do not wait. */
const roundManifests = 100;

/** Carries it out. */
export async function carryOutDeletion(
  store: Store,
  name: RepositoryName,
  options: CarryOutOptions,
): Promise<DeletionOutcome> {
  const { order, isImmutable = noneImmutable, signal } = options;
  const scan = await scanForDeletion(store, name, signal);
  const tasks = await planOrder(name, { order, scan }, { isImmutable, nowMs: store.now() });
  const deletion = new Deletion(store, name, { scan, tasks, options });
  while (deletion.isLeft()) {
    signal?.throwIfAborted();
    await deletion.nextRound();
  }
  return deletion.outcome;
}

/** Thrown under the lock, before anything is removed, where a tag has come since. */
class TaggedMeanwhileError extends Error {}

/** One order on its way. */
class Deletion {
  readonly #store: Store;
  readonly #name: RepositoryName;
  readonly #scan: RepositoryScan;
  readonly #options: CarryOutOptions;
  readonly #isImmutable: IsImmutable;
  readonly #tagsOf: DeletionTasks["tagsOf"];
  /** Still to be done. */
  readonly #manifests: [Digest, RemovalReason][];
  readonly #tags: TaggedDigest[];
  /** By what was pushed meanwhile, or turned out to stay. */
  readonly #needed = new Set<Digest>();
  /** Manifests that have been read: those of the scan, unless they are gone, and what was pushed since. */
  readonly #known: Set<Digest>;
  readonly #done = { tags: [] as TaggedDigest[], manifests: [] as Digest[], kept: [] as KeptContent[] };
  readonly #pace = createPacer();

  constructor(
    store: Store,
    name: RepositoryName,
    means: { readonly scan: RepositoryScan; readonly tasks: DeletionTasks; readonly options: CarryOutOptions },
  ) {
    const { scan, tasks, options } = means;
    this.#store = store;
    this.#name = name;
    this.#scan = scan;
    this.#known = new Set(scan.revisions.keys());
    this.#options = options;
    this.#isImmutable = options.isImmutable ?? noneImmutable;
    this.#tagsOf = tasks.tagsOf;
    this.#tags = [...tasks.tags];
    this.#manifests = [...tasks.manifests];
    this.#done.kept.push(...tasks.kept);
  }

  get outcome(): DeletionOutcome {
    return this.#done;
  }

  isLeft(): boolean {
    return this.#manifests.length + this.#tags.length > 0;
  }

  async nextRound(): Promise<void> {
    const told: Deleted[] = [];
    await tagSearchOf(this.#store).prepare(this.#name);
    try {
      await this.#withRemoving((removing) => this.#work(removing, told));
    } catch (error) {
      const isBusy = error instanceof RegistryError && error.code === "UNAVAILABLE";
      if (!isBusy || this.#done.tags.length + this.#done.manifests.length === 0) throw error;
      this.#giveUp();
    } finally {
      for (const each of told) await this.#options.note?.(each);
    }
  }

  /** Announces as many as a round may come to. */
  async #withRemoving(work: (removing: Removing) => Promise<void>): Promise<void> {
    const next = this.#manifests.slice(0, roundManifests).map(([digest]) => revisionLink(this.#name, digest));
    await withRemoving(this.#store, this.#name, next, work);
  }

  async #work(removing: Removing, told: Deleted[]): Promise<void> {
    const endMs = performance.now() + roundMs;
    const isAnnounced = !this.#store.changes.isExclusive;
    const leastManifests = isAnnounced ? this.#manifests.length - roundManifests : Number.NEGATIVE_INFINITY;
    const isOpen = () => this.isLeft() && performance.now() < endMs && this.#options.signal?.aborted !== true;
    await finishDeletion(this.#store, this.#name, removing);
    await this.#readNewManifests();
    // Tags first: where the process dies, a manifest without a tag is left, and never a tag without its manifest.
    do {
      const deleted = await this.#deleteNext(removing);
      if (deleted !== undefined) told.push(deleted);
      await this.#pace();
    } while (isOpen() && this.#manifests.length > leastManifests);
    if (!this.isLeft()) await removeIfEmpty(this.#store, this.#name);
  }

  /** The answer says what is gone so far. */
  #giveUp(): void {
    for (const each of this.#tags.splice(0)) this.#keep({ ...each, reason: keptReasons.busy });
    for (const [digest] of this.#manifests.splice(0)) {
      this.#keep({ tag: undefined, digest, reason: keptReasons.busy });
      for (const tag of this.#tagsOf.get(digest) ?? []) this.#keep({ tag, digest, reason: keptReasons.busy });
    }
  }

  async #deleteNext(removing: Removing): Promise<Deleted | undefined> {
    const tag = this.#tags.shift();
    if (tag !== undefined) return await this.#deleteTag(removing, tag);
    const next = this.#manifests.shift();
    return next === undefined ? undefined : await this.#deleteManifest(removing, next);
  }

  async #deleteTag(removing: Removing, each: TaggedDigest): Promise<Deleted | undefined> {
    const { tag, digest } = each;
    const now = await readTag(this.#store, this.#name, tag);
    if (now !== digest) {
      this.#keep({ ...each, reason: now === undefined ? keptReasons.gone : keptReasons.moved });
      return undefined;
    }
    // A pull of the manifest that the tag leaves may be under way: its grace begins now.
    await this.#store.objects.renew(revisionLink(this.#name, digest));
    if (!(await removeTag(this.#store, this.#name, { removing, tag, digest }))) {
      this.#keep({ ...each, reason: keptReasons.moved });
      return undefined;
    }
    this.#done.tags.push(each);
    return { kind: "tag", deleted: { tag, digest } };
  }

  async #deleteManifest(
    removing: Removing,
    [digest, reason]: readonly [Digest, RemovalReason],
  ): Promise<Deleted | undefined> {
    const stays = await this.#whyItStays(digest, reason);
    if (stays !== undefined) return this.#stay(digest, stays);
    const facts = (await findManifest(this.#store, digest, describeBytes).catch(() => undefined))?.facts;
    const own = this.#tagsOf.get(digest) ?? new Set();
    const check = (found: readonly Tag[]) => {
      if (!found.every((tag) => own.has(tag))) throw new TaggedMeanwhileError();
      refuseDeletion(this.#name, { tags: found, isImmutable: this.#isImmutable });
    };
    try {
      const tags = await deleteRevision(this.#store, this.#name, { removing, digest, check });
      if (tags === undefined) return this.#stay(digest, keptReasons.gone);
      const subject = facts?.subject ?? this.#scan.revisions.get(digest)?.subject;
      if (subject !== undefined) await removing.drop(referrerLink(this.#name, subject, digest));
      this.#done.manifests.push(digest);
      // It may be pushed again while the lock is free.
      this.#known.delete(digest);
      for (const tag of tags) this.#done.tags.push({ tag, digest });
      const gone = new Set(tags);
      for (const tag of own) if (!gone.has(tag)) this.#keep({ tag, digest, reason: keptReasons.moved });
      return { kind: "manifest", deleted: { digest, facts, tags } };
    } catch (error) {
      if (!(error instanceof TaggedMeanwhileError)) throw error;
      return this.#stay(digest, keptReasons.newTag);
    }
  }

  async #whyItStays(digest: Digest, reason: RemovalReason): Promise<string | undefined> {
    const stat = await this.#store.objects.stat(revisionLink(this.#name, digest));
    if (stat === undefined) return keptReasons.gone;
    if (this.#needed.has(digest)) return keptReasons.newIndex;
    const { subject, changedMs } = this.#scan.revisions.get(digest) ?? {};
    if (reason === "referrer" && subject !== undefined && (await this.#isLinked(subject))) return keptReasons.needed;
    const isTouched = stat.changedMs !== changedMs;
    return isTouched && reason === "child" ? keptReasons.touched : undefined;
  }

  async #isLinked(digest: Digest): Promise<boolean> {
    return (await this.#store.objects.stat(revisionLink(this.#name, digest))) !== undefined;
  }

  /** With everything that it needs; its tags in the order are still deleted. */
  #stay(digest: Digest, reason: string): undefined {
    this.#keep({ tag: undefined, digest, reason });
    if (reason === keptReasons.gone) this.#known.delete(digest);
    else {
      for (const named of this.#scan.revisions.get(digest)?.named ?? []) this.#needed.add(named);
    }
    for (const tag of this.#tagsOf.get(digest) ?? []) this.#tags.push({ tag, digest });
    return undefined;
  }

  #keep(kept: KeptContent): void {
    this.#done.kept.push(kept);
  }

  /** What was pushed since the repository was read may need anything of it. */
  async #readNewManifests(): Promise<void> {
    const prefix = revisionsPrefix(this.#name);
    for (const algorithm of await this.#store.objects.list(prefix)) {
      for await (const hex of await this.#store.objects.names(`${prefix}/${algorithm}`)) {
        const digest = digestFromPath(algorithm, hex);
        if (digest === undefined || this.#known.has(digest)) continue;
        const names = await readNames(this.#store, digest);
        if (names === undefined) throw unreadable(this.#name, digest);
        this.#known.add(digest);
        for (const named of names.named) this.#needed.add(named);
      }
    }
  }
}

function unreadable(name: RepositoryName, digest: Digest): RegistryError {
  return new RegistryError("UNAVAILABLE", {
    message: "a manifest was pushed meanwhile and cannot be read; ask for another plan",
    retryAfterSeconds: 1,
    detail: { name, digest },
  });
}
