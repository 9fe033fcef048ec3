// Changes under locks: adders hold a name's lock shared, removers hold it exclusively. So what is seen under it stays, except
// for contents, which need no lock: a collector moves them into the trash, and looking for one restores it.
import type {
  Adding,
  AddingOptions,
  AnnouncingOptions,
  Changes,
  Found,
  JudgedPrefix,
  RecoverOptions,
  Removing,
} from "./changes.ts";
import type { Key, Lock, Locks, Objects, Stat, Trash } from "./ports.ts";
import { trashNameOf } from "./trash-names.ts";

/** The ports that changes are built on. */
export interface LockedChangesOptions {
  readonly objects: Objects;
  readonly locks: Locks;
  readonly trash: Trash;
  /** A new identifier on each call. */
  readonly newId: () => string;
}

const maxRounds = 3;
/** A link this young was just made or renewed: it is cheap to do that again, and a promise lasts longer then. */
const freshMs = 1000;

/** The changes of one store; see the contract in changes.ts. */
export class LockedChanges implements Changes {
  readonly isExclusive = true;
  readonly freshMs = freshMs;
  readonly #options: LockedChangesOptions;

  constructor(options: LockedChangesOptions) {
    this.#options = options;
  }

  keepsProcessesApart(): boolean {
    return this.#options.locks.keepsProcessesApart();
  }

  async adding(
    name: string,
    { waitMs, isConditional = false, isFleeting = false }: AddingOptions,
  ): Promise<Adding | undefined> {
    // Comparing before writing requires that there is no other writer.
    const lock = await this.#options.locks.take(name, isConditional ? "alone" : "shared", { waitMs });
    return lock && new LockedAdding(this, { objects: this.#options.objects, lock, isConditional, isFleeting });
  }

  async removing(name: string, { waitMs }: AnnouncingOptions): Promise<Removing | undefined> {
    const lock = await this.#options.locks.take(name, "alone", { waitMs });
    return lock && new LockedRemoving(this.#options, lock);
  }

  async hold(kind: string, note: string): Promise<AsyncDisposable | { readonly heldBy: string }> {
    const hold = await this.#options.locks.hold(kind, note);
    return "heldBy" in hold ? hold : { [Symbol.asyncDispose]: async () => hold[Symbol.dispose]() };
  }

  async recover(content: Key, { restored }: RecoverOptions = {}): Promise<Stat | undefined> {
    const { objects, trash } = this.#options;
    for (let round = 1; round <= maxRounds; round += 1) {
      const stat = await objects.stat(content);
      if (stat !== undefined) return stat;
      if (await trash.restore(trashNameOf(content), content)) restored?.(content);
    }
    return await objects.stat(content);
  }
}

interface HeldAdding {
  readonly objects: Objects;
  readonly lock: Lock;
  readonly isConditional: boolean;
  readonly isFleeting: boolean;
}

class LockedAdding implements Adding {
  readonly #changes: Changes;
  readonly #held: HeldAdding;

  constructor(changes: Changes, held: HeldAdding) {
    this.#changes = changes;
    this.#held = held;
  }

  /** Nobody takes them while the lock is held. */
  async stands(): Promise<boolean> {
    return true;
  }

  async find(contents: readonly Key[], options?: RecoverOptions): Promise<readonly Found[]> {
    const found: Found[] = [];
    for (const content of contents) found.push(await this.#changes.recover(content, options));
    return found;
  }

  async put(key: Key, bytes: Uint8Array): Promise<void> {
    await this.#held.objects.put(key, bytes, { isDurable: false });
  }

  async replace(key: Key, bytes: Uint8Array, { expected }: { readonly expected: Stat | undefined }): Promise<boolean> {
    const { objects, isConditional } = this.#held;
    if (!isConditional) throw new RangeError(`${key} cannot be replaced beside others who write`);
    if ((await objects.stat(key))?.identity !== expected?.identity) return false;
    await objects.put(key, bytes, { isDurable: false });
    return true;
  }

  /** Removers may begin before the flush: what they do reaches the disk after it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { lock, objects, isFleeting } = this.#held;
    lock[Symbol.dispose]();
    if (!isFleeting) await objects.flush();
  }
}

class LockedRemoving implements Removing {
  readonly #options: LockedChangesOptions;
  readonly #lock: Lock;

  constructor(options: LockedChangesOptions, lock: Lock) {
    this.#options = options;
    this.#lock = lock;
  }

  async delete(key: Key, options?: { readonly isDurable: boolean }): Promise<boolean> {
    return await this.#options.objects.delete(key, options);
  }

  async deleteAll(keys: readonly Key[], options?: { readonly isDurable: boolean }): Promise<void> {
    for (const key of keys) await this.#options.objects.delete(key, options);
  }

  async drop(key: Key, options?: { readonly isDurable: boolean }): Promise<boolean> {
    return await this.#options.objects.delete(key, options);
  }

  async discard(prefix: Key, { key, judged }: JudgedPrefix): Promise<boolean> {
    const { objects, trash, newId } = this.#options;
    if ((await objects.stat(key))?.identity !== judged?.identity) return false;
    const entry = `tags/${newId()}`;
    if (!(await trash.discard(prefix, entry))) return false;
    await trash.destroy(entry);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lock[Symbol.dispose]();
  }
}
