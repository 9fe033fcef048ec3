// What the clients of a registry know from what they asked and were answered: what must be there, what may be there and
// what must be gone. Built from the ledger's entries alone, so a ledger that is read again gives the same knowledge.

/** The place of a blob or manifest, `repository@digest`, or of a tag, `repository:tag`. */
export type Place = string;

/** What a manifest names. */
export interface Names {
  readonly blobs: readonly string[];
  readonly children: readonly string[];
  readonly subject: string | undefined;
}

/** What a request brings about when it succeeds. */
export type Effect =
  | { readonly what: "blob" | "manifest"; readonly place: Place; readonly value: boolean }
  /** Null: there is no such tag. */
  | { readonly what: "tag"; readonly place: Place; readonly value: string | null };

/**
 * One entry of the ledger. `asked` is written before a request is sent, `answered` after a 2xx, `refused` after an
 * answer that says that nothing was done, `broken` when there was no answer or one of a failing server, `seen` for
 * what was read while nothing was under way.
 */
export interface Entry {
  readonly phase: "asked" | "answered" | "refused" | "broken" | "seen";
  /** The same for all entries of one request. */
  readonly id: number;
  readonly effects: readonly Effect[];
  /** Of the manifest that is pushed. */
  readonly made?: { readonly digest: string; readonly names: Names };
}

type Value = boolean | string | null;

/** A state that a place may be in: never empty, and of one value where that is certain. */
type Possible = ReadonlySet<Value>;

interface Repository {
  readonly blob: Map<Place, Possible>;
  readonly manifest: Map<Place, Possible>;
  readonly tag: Map<Place, Possible>;
}

/** Who knows. */
export class Knowledge {
  /** Whether a collector takes manifests that no tag leads to. */
  readonly #isPruned: boolean;
  readonly #repositories = new Map<string, Repository>();
  /** The way back from requests under way. */
  readonly #undo = new Map<number, readonly (() => void)[]>();
  readonly #names = new Map<string, Names>();
  readonly #referrers = new Map<string, Set<string>>();

  constructor(options: { readonly isPruned: boolean }) {
    this.#isPruned = options.isPruned;
  }

  apply({ phase, id, effects, made }: Entry): void {
    if (made !== undefined) this.#learn(made);
    if (phase === "asked")
      this.#undo.set(
        id,
        effects.map((effect) => this.#ask(effect)),
      );
    else {
      if (phase === "refused") for (const undo of this.#undo.get(id) ?? []) undo();
      this.#undo.delete(id);
      if (phase === "answered" || phase === "seen") for (const effect of effects) this.#settle(effect, phase);
    }
    for (const name of new Set(effects.map(({ place }) => splitPlace(place).name))) this.#allowCollection(name);
  }

  /** The states that a place may be in. */
  of(what: Effect["what"], place: Place): Possible {
    return this.#repository(splitPlace(place).name)[what].get(place) ?? untouched[what];
  }

  /** The places that any request was about. */
  places(what: Effect["what"]): readonly Place[] {
    return [...this.#repositories.values()].flatMap((repository) => [...repository[what].keys()]);
  }

  /** Referrers of the manifest that must be there. */
  referrersOf(place: Place): readonly string[] {
    const { name, digest } = splitPlace(place);
    const referrers = [...(this.#referrers.get(digest) ?? [])];
    return referrers.filter((other) => isCertain(this.of("manifest", `${name}@${other}`), true));
  }

  /** Everything as text, to compare what two have come to know. */
  describe(): string {
    const lines = (["blob", "manifest", "tag"] as const).flatMap((what) =>
      this.places(what).map((place) => `${what} ${place} ${[...this.of(what, place)].map(String).sort().join("|")}`),
    );
    return lines.sort().join("\n");
  }

  #learn({ digest, names }: { readonly digest: string; readonly names: Names }): void {
    this.#names.set(digest, names);
    if (names.subject === undefined) return;
    this.#referrers.set(names.subject, (this.#referrers.get(names.subject) ?? new Set()).add(digest));
  }

  #repository(name: string): Repository {
    const repository = this.#repositories.get(name) ?? { blob: new Map(), manifest: new Map(), tag: new Map() };
    this.#repositories.set(name, repository);
    return repository;
  }

  /** Until the answer comes the old value and the new one are possible. Gives the way back. */
  #ask({ what, place, value }: Effect): () => void {
    const places = this.#repository(splitPlace(place).name)[what];
    const before = places.get(place);
    const asked: Possible = new Set([...(before ?? untouched[what]), value]);
    places.set(place, asked);
    return () => {
      // Somebody else has come to know more since, or asks too.
      if (places.get(place) !== asked) return;
      const [only] = before ?? [];
      if (before === undefined) places.delete(place);
      else if (what === "tag" && before.size === 1 && typeof only === "string") {
        // It pointed there all the time.
        this.#settle({ what, place, value: only }, "answered");
      } else places.set(place, before);
    };
  }

  #settle({ what, place, value }: Effect, phase: "answered" | "seen"): void {
    const { name, digest } = splitPlace(place);
    this.#repository(name)[what].set(place, new Set([value]));
    if (what === "tag" && typeof value === "string") this.#settleWhole(name, value);
    if (what === "manifest" && value === true && phase === "answered") this.#settleWhole(name, digest);
  }

  /** What a tag points to, and what an acknowledged manifest names, is there: it was looked for before the answer. */
  #settleWhole(name: string, digest: string): void {
    const { manifest, blob } = this.#repository(name);
    manifest.set(`${name}@${digest}`, certain);
    const { blobs = [], children = [] } = this.#names.get(digest) ?? {};
    for (const part of blobs) blob.set(`${name}@${part}`, certain);
    for (const child of children) this.#settleWhole(name, child);
  }

  /** What nothing keeps may go at any time. */
  #allowCollection(name: string): void {
    const repository = this.#repository(name);
    const kept = this.#listKept(name);
    for (const what of ["blob", "manifest"] as const) {
      for (const [place, values] of repository[what]) {
        if (isCertain(values, true) && !kept.has(`${what} ${place}`)) repository[what].set(place, unsure);
      }
    }
  }

  #listKept(name: string): ReadonlySet<string> {
    const { tag, manifest } = this.#repository(name);
    const open = this.#isPruned
      ? [...tag.values()].flatMap((values) => (values.size === 1 ? [...values] : []))
      : [...manifest].flatMap(([place, values]) => (isCertain(values, true) ? [splitPlace(place).digest] : []));
    const kept = new Set<string>();
    for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
      const place = `${name}@${digest}`;
      if (typeof digest !== "string" || kept.has(`manifest ${place}`)) continue;
      kept.add(`manifest ${place}`);
      const { blobs = [], children = [] } = this.#names.get(digest) ?? {};
      for (const blob of blobs) kept.add(`blob ${name}@${blob}`);
      open.push(...children, ...this.referrersOf(place));
    }
    return kept;
  }
}

const nothing: Possible = new Set<Value>([false]);
const untagged: Possible = new Set<Value>([null]);
const untouched: Readonly<Record<Effect["what"], Possible>> = { blob: nothing, manifest: nothing, tag: untagged };
const certain: Possible = new Set<Value>([true]);
const unsure: Possible = new Set<Value>([true, false]);

/** Whether this value is the only possible one. */
export function isCertain(values: Possible, value: Value): boolean {
  return values.size === 1 && values.has(value);
}

/** The parts of a place; `digest` is the tag where it is one's place. */
export function splitPlace(place: Place): { readonly name: string; readonly digest: string } {
  const at = place.search(/[@:]/);
  return { name: place.slice(0, at), digest: place.slice(at + 1) };
}
