// One page of referrers out of two lists: the cached ones, ordered by digest, and upstream's, which come in any order
// and without end. No more is kept than fits on the page.
import { stepAside } from "../lib/pacer.ts";
import { sortInTurns } from "../lib/sorted.ts";
import { isRecord, parseDescriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { isMediaType } from "../oci/media-type.ts";
import type { Referrer, ReferrersPage, ReferrersRequest } from "../registry/referrers.ts";

const maxItems = 1000;
/** The answer is an index, and clients read indexes of up to 4 MiB. */
const maxBytes = 3 * 1024 * 1024;

/** A page that is filled while upstream's list arrives, and keeps the items that come first. */
export class MergedReferrers {
  readonly #cached: ReferrersPage;
  readonly #request: ReferrersRequest;
  readonly #found: Map<Digest, Referrer>;
  /** The last digest of the page: later ones belong to the next. */
  #end: Digest | undefined;
  #isFull = false;

  constructor(cached: ReferrersPage, request: ReferrersRequest) {
    this.#cached = cached;
    this.#request = request;
    this.#found = new Map(cached.items.map((referrer) => [referrer.digest, referrer]));
    this.#end = cached.hasMore ? (cached.last ?? cached.items.at(-1)?.digest) : undefined;
  }

  /** Adds the items of one of upstream's pages that belong on this page. */
  async add(descriptors: readonly unknown[]): Promise<void> {
    for (const descriptor of descriptors) {
      await stepAside();
      const referrer = parseReferrer(descriptor);
      if (referrer !== undefined && this.#isWanted(referrer)) this.#found.set(referrer.digest, referrer);
    }
    await this.#cut();
  }

  /** The page as it is now. */
  page(warning: string | undefined): ReferrersPage {
    const items = [...this.#found.values()];
    const told = warning === undefined ? {} : { warning };
    if (this.#end === undefined) return { items, hasMore: false, ...told };
    return { items, hasMore: this.#isFull || this.#cached.hasMore, last: this.#end, ...told };
  }

  #isWanted({ digest, artifactType }: Referrer): boolean {
    const { after, artifactType: wanted } = this.#request;
    if (wanted !== undefined && (artifactType ?? "") !== wanted) return false;
    return (after === undefined || digest > after) && (this.#end === undefined || digest <= this.#end);
  }

  async #cut(): Promise<void> {
    const digests = (await sortInTurns([...this.#found.keys()])) as Digest[];
    const all = new Map(this.#found);
    this.#found.clear();
    let sizeBytes = 0;
    let last: Digest | undefined;
    for (const digest of digests) {
      const referrer = all.get(digest);
      if (referrer === undefined) continue;
      sizeBytes += JSON.stringify(referrer).length;
      if (last !== undefined && (this.#found.size === maxItems || sizeBytes > maxBytes)) {
        this.#isFull = true;
        this.#end = last;
        return;
      }
      this.#found.set(digest, referrer);
      last = digest;
    }
  }
}

/** Undefined if the entry is not a referrer. */
function parseReferrer(entry: unknown): Referrer | undefined {
  const parsed = parseDescriptor(entry);
  if ("problem" in parsed || !isRecord(entry)) return undefined;
  const { mediaType, sizeBytes, digest } = parsed.descriptor;
  const { artifactType, annotations } = entry;
  return {
    mediaType,
    size: sizeBytes,
    digest,
    ...(typeof artifactType === "string" && isMediaType(artifactType) ? { artifactType } : {}),
    ...(isTexts(annotations) ? { annotations } : {}),
  };
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}
