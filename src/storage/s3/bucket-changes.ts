// Changes in a bucket: nobody waits for anybody. Who takes something away announces it first, and who adds something looks
// for announcements last.
import type { Adding, Changes, Removing } from "../changes.ts";
import type { Key, Stat } from "../ports.ts";
import { BucketAdding } from "./adding.ts";
import type { BucketObjects } from "./bucket-objects.ts";
import { keepLease, takeLease } from "./lease.ts";
import { type Notices, scopeOf } from "./notices.ts";
import { describeObject } from "./object-stat.ts";
import { beginRemoving } from "./removing.ts";
import type { BucketTiming } from "./timing.ts";

/** What they need. */
export interface BucketChangesOptions {
  readonly notices: Notices;
  readonly newId: () => string;
  /** The prefix of holds, with its slash at the end. */
  readonly prefix: string;
  /** Whether the store refuses what comes too late; without that nothing may be taken away beside others who add. */
  readonly isExpiryEnforced: boolean;
  readonly timing: Pick<BucketTiming, "changeSeconds" | "collectionSeconds" | "leaseMs">;
}

/**
 * A link this young need not be renewed for another promise: a fraction of how long garbage is usually left alone, and longer
 * than a push may take from its beginning to its tags.
 */
const freshMs = 5 * 60_000;

/** The changes of a bucket; see the contract in changes.ts. */
export class BucketChanges implements Changes {
  readonly isExclusive = false;
  readonly freshMs = freshMs;
  readonly #objects: BucketObjects;
  readonly #options: BucketChangesOptions;

  constructor(objects: BucketObjects, options: BucketChangesOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  keepsProcessesApart(): boolean {
    return this.#options.isExpiryEnforced;
  }

  async adding(name: string): Promise<Adding> {
    const { notices, timing } = this.#options;
    return new BucketAdding(this.#objects, { notices, scope: scopeOf(name), seconds: timing.changeSeconds });
  }

  async removing(
    name: string,
    { keys, isLong = false }: { readonly keys: readonly Key[]; readonly isLong?: boolean },
  ): Promise<Removing> {
    const { notices, timing } = this.#options;
    const seconds = isLong ? timing.collectionSeconds : timing.changeSeconds;
    return await beginRemoving(this.#objects, { notices, scope: scopeOf(name), keys, seconds });
  }

  async hold(kind: string, note: string): Promise<AsyncDisposable | { readonly heldBy: string }> {
    const { newId, prefix, timing } = this.#options;
    const options = { key: `${prefix}hold-${kind}`, note, newId, lifetimeMs: timing.leaseMs };
    const lease = await takeLease(this.#objects, options);
    return "heldBy" in lease ? lease : keepLease(lease);
  }

  async recover(content: Key): Promise<Stat | undefined> {
    const stat = await this.#objects.stat(content);
    return stat && describeObject(stat, await this.#options.notices.damage.has(content, stat));
  }
}
