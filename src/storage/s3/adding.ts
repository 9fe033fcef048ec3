// Adding something that relies on something else: what relies is written first, and only then one looks for what it
// relies on. No lock is held, so any number add at once.
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import { contentsScope, type NoticeScope, type Notices } from "./notices.ts";

/** What is known of something that one wants to rely on: nothing is there, it may still go, or it stays. */
export type FoundObject = "missing" | "noticed" | ObjectStat;

/** How many objects are looked for at once. */
const lookers = 16;

/** Looks for what somebody relies on who has just written what relies on it. */
export class BucketAdding {
  readonly #objects: BucketObjects;
  readonly #notices: Notices;
  readonly #scope: NoticeScope;

  constructor(objects: BucketObjects, options: { readonly notices: Notices; readonly scope: NoticeScope }) {
    this.#objects = objects;
    this.#notices = options.notices;
    this.#scope = options.scope;
  }

  /** Whether all of these links or revisions stay, now that what needs them is written. Before anything that they need is looked for. */
  async stands(keys: readonly string[]): Promise<boolean> {
    return (await this.#look(this.#scope, keys)).every((found) => typeof found === "object");
  }

  /** What is there of these contents, now that the links to them are written, and stand. */
  async find(contents: readonly string[]): Promise<readonly FoundObject[]> {
    return await this.#look(contentsScope, contents);
  }

  /** The notices first: what was noticed and has gone since is missing then. */
  async #look(scope: NoticeScope, keys: readonly string[]): Promise<readonly FoundObject[]> {
    const noticed = await this.#notices.list(scope);
    const found: FoundObject[] = keys.map((key) => (noticed.has(key) ? "noticed" : "missing"));
    const waiting = keys.flatMap((key, index) => (noticed.has(key) ? [] : [{ key, index }]));
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        found[next.index] = (await this.#objects.stat(next.key)) ?? "missing";
      }
    };
    await Promise.all(Array.from({ length: Math.min(lookers, waiting.length) }, work));
    return found;
  }
}
