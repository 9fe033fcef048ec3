// What a person has chosen to delete, as tags and manifests of a repository.

import { compareNaturally } from "../../lib/natural-order.ts";
import { inTurns, stepAside } from "../../lib/pacer.ts";
import { sortByInTurns } from "../../lib/sorted.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import type { RepositoryScan } from "../gc/scan.ts";
import type { IsImmutable } from "../immutable-tags.ts";

/** What to delete; any of it. */
export interface DeletionSelection {
  readonly tags: readonly Tag[];
  /** Every tag that fits. */
  readonly matches?: ((tag: Tag) => boolean) | undefined;
  /** Manifests, with all their tags. */
  readonly digests: readonly Digest[];
  /** Every tag and every manifest of the repository. */
  readonly isEverything: boolean;
}

/** A tag, and the manifest that it has to point to. */
export interface TaggedDigest {
  readonly tag: Tag;
  readonly digest: Digest;
}

/** The selection, resolved. */
export interface ChosenContent {
  /** In natural order. */
  readonly tags: readonly TaggedDigest[];
  readonly digests: ReadonlySet<Digest>;
  /** Tags that are immutable: they stay, and so do their manifests. */
  readonly immutable: readonly Tag[];
  /** What was named and is not there. */
  readonly unknown: readonly string[];
  /** False where more fits than goes at once. */
  readonly isComplete: boolean;
}

/** How to resolve it. */
export interface SelectionRules {
  readonly isImmutable: IsImmutable;
  /** The most tags and manifests that go at once. */
  readonly maxItems: number;
}

type SelectableScan = Pick<RepositoryScan, "revisions" | "tags">;

/** As many as take a moment, whatever glob a stranger has written. */
const globsOfOneStep = 50;

/** Resolves the selection against what the repository holds. */
export async function resolveSelection(
  name: RepositoryName,
  { scan, selection }: { readonly scan: SelectableScan; readonly selection: DeletionSelection },
  { isImmutable, maxItems }: SelectionRules,
): Promise<ChosenContent> {
  const { revisions, tags } = scan;
  const named = new Set(selection.tags);
  const digests = new Set<Digest>();
  for (const digest of selection.digests) if (revisions.has(digest)) digests.add(digest);
  const fitting: TaggedDigest[] = [];
  const immutable: Tag[] = [];
  let count = 0;
  for (const [tag, digest] of tags) {
    count += 1;
    if (count % globsOfOneStep === 0) await stepAside();
    const isChosen =
      selection.isEverything || named.has(tag) || digests.has(digest) || selection.matches?.(tag) === true;
    if (!isChosen) continue;
    if (isImmutable(name, tag)) immutable.push(tag);
    else fitting.push({ tag, digest });
  }
  const unknown = [
    ...selection.tags.filter((tag) => !tags.has(tag)),
    ...selection.digests.filter((digest) => !revisions.has(digest)),
  ];
  const sorted = await sortByInTurns(fitting, (one, other) => compareNaturally(one.tag, other.tag));
  const budget = new Budget(scan, maxItems);
  const taken = await budget.takeTags(sorted);
  const isComplete = taken.length === sorted.length;
  const untagged = isComplete ? await budget.takeDigests(selection.isEverything ? revisions.keys() : digests) : digests;
  return {
    tags: taken,
    digests: untagged,
    immutable,
    unknown,
    isComplete: isComplete && budget.tookEverything,
  };
}

/** Takes as many as go at once, and at least one; an index counts with its children. */
class Budget {
  readonly #scan: SelectableScan;
  readonly #counted = new Set<Digest>();
  #left: number;
  #isFirst = true;
  tookEverything = true;

  constructor(scan: SelectableScan, maxItems: number) {
    this.#scan = scan;
    this.#left = maxItems;
  }

  async takeTags(tags: readonly TaggedDigest[]): Promise<readonly TaggedDigest[]> {
    const taken: TaggedDigest[] = [];
    for await (const each of inTurns(tags)) {
      if (!(await this.#take(each.digest, 1))) break;
      taken.push(each);
    }
    return taken;
  }

  async takeDigests(digests: Iterable<Digest>): Promise<ReadonlySet<Digest>> {
    const taken = new Set<Digest>();
    for await (const digest of inTurns(digests)) {
      if (!(await this.#take(digest, 0))) {
        this.tookEverything = false;
        break;
      }
      taken.add(digest);
    }
    return taken;
  }

  async #take(digest: Digest, least: number): Promise<boolean> {
    const fresh: Digest[] = this.#counted.has(digest) ? [] : [digest];
    for await (const each of inTurns(fresh)) {
      for (const named of this.#scan.revisions.get(each)?.named ?? []) {
        if (!this.#scan.revisions.has(named) || this.#counted.has(named)) continue;
        this.#counted.add(named);
        fresh.push(named);
      }
    }
    const cost = least + fresh.length;
    if (cost > this.#left && !this.#isFirst) return false;
    this.#counted.add(digest);
    this.#left -= cost;
    this.#isFirst = false;
    return true;
  }
}
