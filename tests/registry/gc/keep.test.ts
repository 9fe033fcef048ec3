import { expect, test } from "bun:test";
import { type DatedTag, explainKept, isCovered, type KeepRule } from "../../../src/registry/gc/keep.ts";
import { noneImmutable } from "../../../src/registry/immutable-tags.ts";
import { longestTurnOfBestMs, shortMs } from "../../turns.ts";
import { named, tagged } from "../stocked.ts";

const hourMs = 3_600_000;
const nowMs = 1000 * hourMs;
const app = named("app");

/** A rule for `app`, and by default for every tag. */
function rule(conditions: Partial<KeepRule> = {}): KeepRule {
  return {
    coversRepository: (name) => name === "app",
    coversTag: () => true,
    newest: undefined,
    pushedWithinMs: undefined,
    pulledWithinMs: undefined,
    ...conditions,
  };
}

/** Tags that were pushed and pulled so many hours ago. */
function tags(...ages: readonly (readonly [tag: string, pushed: number, pulled: number])[]): readonly DatedTag[] {
  return ages.map(([tag, pushed, pulled]) => ({
    tag: tagged(tag),
    pushedMs: nowMs - pushed * hourMs,
    pulledMs: nowMs - pulled * hourMs,
  }));
}

const some = tags(["old", 100, 100], ["used", 90, 2], ["v1", 80, 100], ["new", 3, 100], ["v2", 1, 100]);
const startsWithV = (tag: string) => tag.startsWith("v");

test.each([
  ["without conditions, all that are covered", [rule({ coversTag: startsWithV })], ["v1", "v2"]],
  ["the newest", [rule({ newest: 2 })], ["new", "v2"]],
  ["the newest of those that are covered", [rule({ coversTag: startsWithV, newest: 1 })], ["v2"]],
  ["more than there are", [rule({ newest: 100 })], ["old", "used", "v1", "new", "v2"]],
  ["those pushed lately", [rule({ pushedWithinMs: 10 * hourMs })], ["new", "v2"]],
  ["those pulled lately", [rule({ pulledWithinMs: 10 * hourMs })], ["used"]],
  ["by any condition of a rule", [rule({ newest: 1, pulledWithinMs: 10 * hourMs })], ["used", "v2"]],
  ["by any rule", [rule({ newest: 1 }), rule({ coversTag: startsWithV })], ["v1", "v2"]],
  ["none by a rule of another repository", [rule({ coversRepository: () => false })], []],
  ["none exactly as old as the limit", [rule({ pushedWithinMs: hourMs })], []],
])("what stays: %s", async (_what, rules, want) => {
  const kept = await explainKept(app, some, { rules, isImmutable: noneImmutable, nowMs });
  expect([...kept.keys()].toSorted()).toEqual(want.map(tagged).toSorted());
});

test("each tag that stays has a reason, and immutable ones stay whatever the rules say", async () => {
  const rules = [rule({ newest: 1 }), rule({ pulledWithinMs: 10 * hourMs })];
  const kept = await explainKept(app, some, { rules, isImmutable: (_name, tag) => tag === "old", nowMs });
  expect(Object.fromEntries(kept)).toEqual({
    old: "it is immutable",
    v2: "it is among the newest 1 (rule 1 of gc.keep)",
    used: "it was pulled lately (rule 2 of gc.keep)",
  });
});

test("where pulls were never recorded, a rule about pulls keeps everything", async () => {
  const never = some.map((tag) => ({ ...tag, pulledMs: Number.POSITIVE_INFINITY }));
  const rules = [rule({ pulledWithinMs: hourMs })];
  expect((await explainKept(app, never, { rules, isImmutable: noneImmutable, nowMs })).size).toBe(some.length);
});

test("isCovered() asks whether a rule is about the repository", () => {
  const keep = { rules: [rule()], isImmutable: noneImmutable };
  expect([isCovered(keep, app), isCovered(keep, named("other"))]).toEqual([true, false]);
});

test("a hundred thousand tags are judged in turns that nobody notices, and of equal times all stay", async () => {
  const many = Array.from({ length: 100_000 }, (_, index) => ({
    tag: tagged(`v${index}`),
    pushedMs: index < 99_990 ? index : nowMs,
    pulledMs: 0,
  }));
  let count = 0;
  const turnMs = await longestTurnOfBestMs(async () => {
    const kept = await explainKept(app, many, { rules: [rule({ newest: 3 })], isImmutable: noneImmutable, nowMs });
    count = kept.size;
  });
  expect(count).toBe(10);
  expect(turnMs).toBeLessThan(shortMs());
});
