// Keep rules: which tags a collection leaves, and why. Decided from names and times alone.
import { inTurns } from "../../lib/pacer.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import type { IsImmutable } from "../immutable-tags.ts";

/** Tags that stay. Of several conditions one is enough; without any, every tag that is covered stays. */
export interface KeepRule {
  readonly coversRepository: (name: RepositoryName) => boolean;
  readonly coversTag: (tag: Tag) => boolean;
  /** So many of the tags that are covered, by the time of their last push. */
  readonly newest: number | undefined;
  readonly pushedWithinMs: number | undefined;
  readonly pulledWithinMs: number | undefined;
}

/** What decides which tags stay. */
export interface KeepRules {
  readonly rules: readonly KeepRule[];
  readonly isImmutable: IsImmutable;
}

/** A tag and when it was last used, in milliseconds since 1970. */
export interface DatedTag {
  readonly tag: Tag;
  readonly pushedMs: number;
  /** Of a tag that was never pulled, the time since when pulls are recorded; infinite if they are not. */
  readonly pulledMs: number;
}

/** Whether any rule is about the repository; all tags of the others stay. */
export function isCovered({ rules }: KeepRules, name: RepositoryName): boolean {
  return rules.some(({ coversRepository }) => coversRepository(name));
}

/** Why tags of a repository that is covered stay; those that are missing go. In turns, since there may be 100,000. */
export async function explainKept(
  name: RepositoryName,
  tags: readonly DatedTag[],
  { rules, isImmutable, nowMs }: KeepRules & { readonly nowMs: number },
): Promise<ReadonlyMap<Tag, string>> {
  const kept = new Map<Tag, string>();
  const keep = (tag: Tag, reason: string) => {
    if (!kept.has(tag)) kept.set(tag, reason);
  };
  for await (const { tag } of inTurns(tags)) if (isImmutable(name, tag)) keep(tag, "it is immutable");
  for (const [index, rule] of rules.entries()) {
    if (!rule.coversRepository(name)) continue;
    const covered: DatedTag[] = [];
    for await (const each of inTurns(tags)) if (rule.coversTag(each.tag)) covered.push(each);
    for await (const [tag, reason] of inTurns(judge(covered, rule, nowMs))) {
      keep(tag, `${reason} (rule ${index + 1} of gc.keep)`);
    }
  }
  return kept;
}

function* judge(
  covered: readonly DatedTag[],
  { newest, pushedWithinMs, pulledWithinMs }: KeepRule,
  nowMs: number,
): Generator<readonly [Tag, string]> {
  const isAlways = newest === undefined && pushedWithinMs === undefined && pulledWithinMs === undefined;
  // Of several that were pushed in the same moment all stay.
  const oldestMs = newest === undefined ? Number.POSITIVE_INFINITY : pushedMsOfNewest(covered, newest);
  for (const { tag, pushedMs, pulledMs } of covered) {
    if (isAlways) yield [tag, "its name is kept"];
    else if (pushedMs >= oldestMs) yield [tag, `it is among the newest ${newest}`];
    else if (pushedWithinMs !== undefined && nowMs - pushedMs < pushedWithinMs) yield [tag, "it was pushed lately"];
    else if (pulledWithinMs !== undefined && nowMs - pulledMs < pulledWithinMs) yield [tag, "it was pulled lately"];
  }
}

/** When the oldest of so many newest ones was pushed. */
function pushedMsOfNewest(tags: readonly DatedTag[], newest: number): number {
  const times = Float64Array.from(tags, ({ pushedMs }) => pushedMs).sort();
  return times[times.length - newest] ?? Number.NEGATIVE_INFINITY;
}
