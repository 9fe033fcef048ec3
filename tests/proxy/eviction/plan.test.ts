import { describe, expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { type CachedContent, planEviction } from "../../../src/proxy/eviction/plan.ts";
import { named } from "../caching.ts";
import { digestOf } from "../misbehaving-upstream.ts";

const d = (text: string): Digest => digestOf(text);
const nowMs = 1_000_000;
const ttlMs = 1000;

interface Written {
  readonly name?: string;
  readonly ttlMs?: number;
  /** Manifest: last use, and what it names. */
  readonly revisions?: Readonly<Record<string, readonly [usedMs: number, named: readonly string[], subject?: string]>>;
  /** Blob: last use and size. */
  readonly layers?: Readonly<Record<string, readonly [usedMs: number, sizeBytes: number]>>;
}

function contentOf({ name = "a", revisions = {}, layers = {}, ...rest }: Written): CachedContent {
  return {
    name: named(name),
    ttlMs: rest.ttlMs ?? ttlMs,
    revisions: Object.entries(revisions).map(([text, [usedMs, names, subject]]) => ({
      digest: d(text),
      usedMs,
      sizeBytes: 1,
      named: new Set(names.map(d)),
      subject: subject === undefined ? undefined : d(subject),
    })),
    layers: Object.entries(layers).map(([text, [usedMs, sizeBytes]]) => ({ digest: d(text), usedMs, sizeBytes })),
  };
}

const old = nowMs - 2000;
const recent = nowMs - 500;

function plan(contents: readonly Written[], maxBytes?: number, graceMs = 0) {
  const evictions = planEviction(contents.map(contentOf), { nowMs, maxBytes, graceMs });
  return evictions.map(({ name, revisions, layers }) => [name, [...revisions].sort(), [...layers].sort()]);
}

const gone = (name: string, revisions: readonly string[], layers: readonly string[]) => [
  name,
  revisions.map(d).sort(),
  layers.map(d).sort(),
];

describe("by age", () => {
  test.each<[string, Written, readonly unknown[]]>([
    [
      "an unused image goes with its blobs",
      { revisions: { m: [old, ["x"]] }, layers: { x: [old, 9] } },
      [gone("a", ["m"], ["x"])],
    ],
    ["a used one stays", { revisions: { m: [recent, ["x"]] }, layers: { x: [old, 9] } }, []],
    [
      "a blob that another image of the repository names stays",
      { revisions: { m: [old, ["x", "y"]], n: [recent, ["x"]] }, layers: { x: [old, 9], y: [old, 9] } },
      [gone("a", ["m"], ["y"])],
    ],
    [
      "children live as long as their index",
      { revisions: { index: [recent, ["child"]], child: [old, ["x"]] }, layers: { x: [old, 9] } },
      [],
    ],
    [
      "a child that is used outlives its index",
      { revisions: { index: [old, ["child"]], child: [recent, ["x"]] }, layers: { x: [old, 9] } },
      [gone("a", ["index"], [])],
    ],
    ["a referrer lives as long as its subject", { revisions: { m: [recent, []], signature: [old, [], "m"] } }, []],
    [
      "a subject does not live by its referrer",
      { revisions: { m: [old, []], signature: [recent, [], "m"] } },
      [gone("a", ["m"], [])],
    ],
    [
      "what refers to a child of a used index stays, whatever the order",
      {
        revisions: {
          signature: [old, [], "child"],
          child: [old, ["x"]],
          index: [old, ["child"]],
          outer: [recent, ["index"]],
          other: [old, ["child"]],
        },
        layers: { x: [old, 9] },
      },
      [gone("a", ["other"], [])],
    ],
    ["two that refer to each other end together", { revisions: { m: [old, ["n"]], n: [recent, ["m"]] } }, []],
    [
      "a blob that nothing names goes by its own use",
      { layers: { x: [old, 9], y: [recent, 9] } },
      [gone("a", [], ["x"])],
    ],
    ["nothing goes where time is without end", { ttlMs: 0, revisions: { m: [0, ["x"]] }, layers: { x: [0, 9] } }, []],
    ["what names a blob that was never fetched goes alone", { revisions: { m: [old, ["x"]] } }, [gone("a", ["m"], [])]],
  ])("%s", (_what, content, want) => {
    expect(plan([content])).toEqual(want as never);
  });

  test("a hundred thousand referrers of one subject take no longer each than one", () => {
    const subject = d("m");
    const link = { sizeBytes: 1, named: new Set<Digest>() };
    const referrers = Array.from({ length: 100_000 }, (_, index) => ({
      ...link,
      digest: `sha256:${index}` as Digest,
      usedMs: old,
      subject,
    }));
    const revisions = [...referrers, { ...link, digest: subject, usedMs: recent, subject: undefined }];
    expect(
      planEviction([{ name: named("a"), ttlMs, revisions, layers: [] }], { nowMs, maxBytes: undefined, graceMs: 0 }),
    ).toEqual([]);
  });
});

describe("by size", () => {
  const three: Written = {
    ttlMs: 0,
    revisions: { one: [100, ["x"]], two: [200, ["y"]], three: [300, ["z"]] },
    layers: { x: [100, 99], y: [200, 99], z: [300, 99] },
  };

  test.each<[number, readonly unknown[]]>([
    [300, []],
    [299, [gone("a", ["one"], ["x"])]],
    [200, [gone("a", ["one", "two"], ["x", "y"])]],
    [1, [gone("a", ["one", "three", "two"], ["x", "y", "z"])]],
  ])("above %p bytes the least recently used go, down to nine tenths", (maxBytes, want) => {
    expect(plan([three], maxBytes)).toEqual(want as never);
  });

  test("a blob that no manifest names goes alone, and its space counts", () => {
    const content: Written = { ttlMs: 0, revisions: { m: [200, ["x"]] }, layers: { x: [200, 50], lone: [100, 50] } };
    expect(plan([content], 100)).toEqual([gone("a", [], ["lone"])] as never);
  });

  test("a blob counts once, and going of one user frees nothing", () => {
    const contents: readonly Written[] = [
      { name: "a", ttlMs: 0, revisions: { one: [100, ["shared"]] }, layers: { shared: [100, 100] } },
      { name: "b", ttlMs: 0, revisions: { two: [200, ["shared"]] }, layers: { shared: [200, 100] } },
    ];
    expect(plan(contents, 102)).toEqual([]);
    expect(plan(contents, 101)).toEqual([gone("a", ["one"], ["shared"]), gone("b", ["two"], ["shared"])] as never);
    expect(plan(contents, 113)).toEqual([]);
  });

  test("what was used a moment ago stays in any case", () => {
    const content: Written = { revisions: { m: [recent, ["x"]] }, layers: { x: [recent, 9] } };
    expect([plan([content], 1, 600), plan([content], 1, 400)]).toEqual([[], [gone("a", ["m"], ["x"])]] as never);
  });
});
