// When tags were last pulled: the time of a file beside each tag, which goes with the tag. Other registries ignore it.
//
//   _manifests/tags/<tag>/pulled    empty
//   gc/pulls                        empty; as old as the records of this store
import { BoundedMap } from "../lib/bounded-map.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import { pullsKey, tagPulledKey } from "./layout.ts";
import type { Store } from "./store.ts";
import { isTag } from "./tags.ts";

/** A pull costs at most one write in this time for each tag. */
const stepMs = 3_600_000;
const maxTags = 100_000;
const nothing = new Uint8Array();

/** Records pulls in the background: no pull waits for it, and a record that cannot be written is dropped. */
export class PullTimes {
  readonly #store: Store;
  readonly #notedMs = new BoundedMap<string, number>(maxTags);
  #running: Promise<void> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Notes that the tag was pulled just now. */
  note(name: RepositoryName, tag: Tag): void {
    const key = tagPulledKey(name, tag);
    const nowMs = this.#store.now();
    const elapsedMs = nowMs - (this.#notedMs.get(key) ?? Number.NEGATIVE_INFINITY);
    if (elapsedMs >= 0 && elapsedMs < stepMs) return;
    this.#notedMs.set(key, nowMs);
    // One after another: there is no hurry, even with a thousand tags pulled at once.
    this.#running = this.#running.then(async () => {
      const isRecorded = await this.#record(name, tag).catch(() => false);
      if (!isRecorded) this.#notedMs.delete(key);
    });
  }

  /** Resolves when everything that was noted so far is recorded, or could not be. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /**
   * False if it could not be recorded: the next pull is. As one who adds, since a file that comes after its tag was removed would
   * keep the tag's directory.
   */
  async #record(name: RepositoryName, tag: Tag): Promise<boolean> {
    const { objects, changes } = this.#store;
    if ((await objects.stat(pullsKey)) === undefined) await objects.put(pullsKey, nothing);
    await using adding = await changes.adding(name, { waitMs: 0, isFleeting: true });
    if (adding === undefined || !(await isTag(this.#store, name, tag))) return false;
    const key = tagPulledKey(name, tag);
    if (!(await objects.renew(key))) await objects.put(key, nothing);
    return true;
  }
}

/** When the tag was last pulled, in milliseconds since 1970, to the hour; undefined if no pull is recorded. */
export async function readPulledMs(store: Store, name: RepositoryName, tag: Tag): Promise<number | undefined> {
  return (await store.objects.stat(tagPulledKey(name, tag)))?.modifiedMs;
}

/** Since when pulls are recorded in this store; infinite if none ever was. */
export async function recordedSinceMs(store: Store): Promise<number> {
  return (await store.objects.stat(pullsKey))?.modifiedMs ?? Number.POSITIVE_INFINITY;
}
