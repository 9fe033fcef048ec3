// Garbage on top of a trash: condemned contents are moved there in one step, and restored if they turn out to be needed.
import type { Content } from "../lib/content.ts";
import type { Collection, CollectionOptions, Condemned, Garbage } from "./garbage.ts";
import { collectorPlace } from "./places.ts";
import type { Key, Locks, Stat, Trash } from "./ports.ts";
import { contentOfEntry, isTagged, trashNameOf } from "./trash-names.ts";

/** What it is made of. */
export interface TrashParts {
  readonly locks: Pick<Locks, "hold">;
  readonly trash: Trash;
}

const contents = "blobs";
/** What deletions move there only to remove it: a kill in between leaves it. */
const leftovers = ["tags", "uploads"];
const damagedSuffix = ".bad";

/** The garbage of a store with a trash; see the contract in garbage.ts. */
export class TrashGarbage implements Garbage {
  readonly #parts: TrashParts;

  constructor(parts: TrashParts) {
    this.#parts = parts;
  }

  async list(): Promise<readonly Condemned[]> {
    return (await this.#parts.trash.list(contents)).map(describeEntry);
  }

  async stat({ name }: Condemned): Promise<Stat | undefined> {
    return await this.#parts.trash.stat(name);
  }

  async open(content: Key): Promise<Content | undefined> {
    return await this.#parts.trash.open(trashNameOf(content));
  }

  async restore(content: Key): Promise<boolean> {
    return await this.#parts.trash.restore(trashNameOf(content), content);
  }

  /** Interrupted half-way, it leaves an ordinary entry, which is restored. */
  async setAside(content: Key, judged: Stat): Promise<boolean> {
    const { trash } = this.#parts;
    const entry = `${trashNameOf(content)}.${newId()}`;
    if (!(await trash.condemn(content, `${entry}.check`, judged))) return false;
    return await trash.rename(`${entry}.check`, `${entry}${damagedSuffix}`);
  }

  async tidy(): Promise<void> {
    const { trash } = this.#parts;
    for (const kind of leftovers) for (const entry of await trash.list(kind)) await trash.destroy(entry);
  }

  async collect(options: CollectionOptions): Promise<Collection | { readonly heldBy: string }> {
    const hold = await this.#parts.locks.hold(collectorPlace, options.note);
    return "heldBy" in hold ? hold : new TrashCollection(this.#parts.trash, { hold, tag: options.tag });
  }
}

function describeEntry(name: string): Condemned {
  return { name, content: contentOfEntry(name), isInPlace: false, isSetAside: name.endsWith(damagedSuffix) };
}

/** Used once. */
function newId(): string {
  return `${Date.now().toString(36)}-${crypto.randomUUID()}`;
}

/** One run. Only entries that it has listed are destroyed, and a name is used once. */
class TrashCollection implements Collection {
  readonly #trash: Trash;
  readonly #hold: Disposable;
  readonly #tag: string | undefined;
  readonly #id = newId();
  #names = 0;

  constructor(trash: Trash, { hold, tag }: { readonly hold: Disposable; readonly tag: string | undefined }) {
    this.#trash = trash;
    this.#hold = hold;
    this.#tag = tag;
  }

  async condemned(): Promise<readonly Condemned[]> {
    const tag = this.#tag;
    const names = await this.#trash.list(contents);
    return (tag === undefined ? names : names.filter((name) => isTagged(name, tag))).map(describeEntry);
  }

  async destroy(entries: readonly Condemned[]): Promise<readonly Condemned[]> {
    for (const { name } of entries) await this.#trash.destroy(name);
    return entries;
  }

  async condemn(content: Key, judged: Stat): Promise<boolean> {
    this.#names += 1;
    const mark = this.#tag === undefined ? "" : `${this.#tag}-`;
    return await this.#trash.condemn(content, `${trashNameOf(content)}.${mark}${this.#id}-${this.#names}`, judged);
  }

  async keep(): Promise<void> {}

  async finish(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hold[Symbol.dispose]();
  }
}
