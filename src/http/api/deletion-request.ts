// What callers send to plan a deletion, and to carry it out: JSON, checked before anything is done.
import { parseStrictJsonInTurns } from "../../lib/json.ts";
import type { JsonLimits } from "../../lib/json-shape.ts";
import { inTurns } from "../../lib/pacer.ts";
import { compileTextMatch } from "../../lib/text-match.ts";
import { isRecord } from "../../oci/descriptor.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import type { DeletionOrder } from "../../registry/deleting/deletion-order.ts";
import type { DeletionSelection, TaggedDigest } from "../../registry/deleting/selection.ts";

/** Room for more tags and digests than a plan has. */
const limits: JsonLimits = { maxDepth: 5, maxValues: 250_000, maxDifferentKeys: 100, maxEscapes: 10_000 };
/** More than go at once. */
const maxItems = 20_000;
const maxFilterLength = 300;

/** What is to be planned: at least one of tags, filter, digests and repository. */
export async function parseSelection(bytes: Uint8Array): Promise<DeletionSelection> {
  const value = await parseFields(bytes, ["tags", "filter", "digests", "repository"]);
  const filter = value.filter ?? undefined;
  const isEverything = value.repository ?? false;
  if (typeof isEverything !== "boolean") throw invalid("repository is true or false");
  if (filter !== undefined && (typeof filter !== "string" || filter === "" || filter.length > maxFilterLength)) {
    throw invalid("filter is a part of a tag, or a glob");
  }
  const tags = await parseList(value.tags ?? [], "tags", parseTagValue);
  const digests = await parseList(value.digests ?? [], "digests", parseDigestValue);
  if (tags.length + digests.length === 0 && filter === undefined && !isEverything) {
    throw invalid("nothing is selected: name tags, digests or a filter, or set repository");
  }
  return { tags, digests, isEverything, matches: filter === undefined ? undefined : compileTextMatch(filter) };
}

/** What is to go, as a plan said. */
export async function parseOrder(bytes: Uint8Array): Promise<DeletionOrder> {
  const value = await parseFields(bytes, ["tags", "manifests"]);
  const tags = await parseList(value.tags ?? [], "tags", parseTaggedDigest);
  const going = await parseList(value.manifests ?? [], "manifests", parseGoing);
  if (tags.length + going.length === 0) throw invalid("nothing is named: take tags and manifests from a plan");
  const referrers = going.filter(({ isReferrer }) => isReferrer).map(({ digest }) => digest);
  return { tags, manifests: going.map(({ digest }) => digest), referrers: new Set(referrers) };
}

async function parseFields(bytes: Uint8Array, known: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const json = await parseStrictJsonInTurns(bytes, limits);
  if ("problem" in json) throw invalid(json.problem);
  if (!isRecord(json.value)) throw invalid("the body is not a JSON object");
  const unknown = Object.keys(json.value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid(`${JSON.stringify(unknown.slice(0, 100))} is none of ${known.join(", ")}`);
  return json.value;
}

async function parseList<T>(
  value: unknown,
  what: string,
  parse: (item: unknown) => T | undefined,
): Promise<readonly T[]> {
  if (!Array.isArray(value)) throw invalid(`${what} is not a list`);
  if (value.length > maxItems) throw invalid(`${what} has more than ${maxItems} entries`);
  const items: T[] = [];
  for await (const each of inTurns<unknown>(value)) {
    const item = parse(each);
    if (item === undefined) throw invalid(`${what} has an entry that is none: ${JSON.stringify(each).slice(0, 200)}`);
    items.push(item);
  }
  return items;
}

function parseTagValue(value: unknown): Tag | undefined {
  return typeof value === "string" ? parseTag(value) : undefined;
}

function parseDigestValue(value: unknown): Digest | undefined {
  return typeof value === "string" ? parseDigest(value) : undefined;
}

/** A digest, or an entry of a plan, which also says why it goes. */
function parseGoing(value: unknown): { readonly digest: Digest; readonly isReferrer: boolean } | undefined {
  const entry = isRecord(value) ? value : { digest: value };
  const digest = parseDigestValue(entry.digest);
  return digest === undefined ? undefined : { digest, isReferrer: entry.because === "referrer" };
}

function parseTaggedDigest(value: unknown): TaggedDigest | undefined {
  if (!isRecord(value)) return undefined;
  const [tag, digest] = [parseTagValue(value.tag), parseDigestValue(value.digest)];
  return tag === undefined || digest === undefined ? undefined : { tag, digest };
}

function invalid(message: string): RegistryError {
  return new RegistryError("REQUEST_INVALID", { message });
}
