import { expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import type { Tag } from "../../../src/oci/reference.ts";
import { type PruneRules, planPrune } from "../../../src/registry/gc/plan.ts";
import type { RepositoryScan } from "../../../src/registry/gc/scan.ts";
import { digestOf, named, tagged } from "../stocked.ts";

/** Revisions by name: what they name, what they refer to, their time. */
type Drawn = Readonly<Record<string, { readonly names?: string; readonly about?: string; readonly at?: number }>>;

function draw(revisions: Drawn, { tags = "", layers = "", problems = [] as readonly string[] } = {}): RepositoryScan {
  const words = (text: string) => text.split(" ").filter((word) => word !== "");
  return {
    prefix: "app",
    name: named("app"),
    revisions: new Map(
      Object.entries(revisions).map(([name, { names = "", about, at = 0 }]) => {
        const digest = digestOf(name);
        const subject = about === undefined ? undefined : digestOf(about);
        return [digest, { digest, changedMs: at, named: new Set(words(names).map(digestOf)), subject }];
      }),
    ),
    layers: new Map(words(layers).map((name): [Digest, number] => [digestOf(name), 0])),
    tags: new Map(words(tags).map((name): [Tag, Digest] => [tagged(name), digestOf(name)])),
    aliases: [],
    deleted: new Set(),
    isDeleting: false,
    isBusy: false,
    unread: new Set<Digest>(),
    hasStrayLinks: false,
    vacantTags: [],
    vacancies: [],
    staleEntries: [],
    hasUploads: false,
    problems,
  };
}

const old: PruneRules = { isYoung: (changedMs) => changedMs >= 100, deletesUntagged: true };

async function goneOf(scan: RepositoryScan, rules: PruneRules = old): Promise<string> {
  const names = ["t", "a", "b", "c", "d", "x", "y", "z"];
  const { revisions, layers } = await planPrune(scan, rules);
  return names.filter((name) => [...revisions, ...layers].includes(digestOf(name))).join(" ");
}

const cases: readonly (readonly [string, RepositoryScan, string])[] = [
  ["everything tagged stays", draw({ t: { names: "x" } }, { tags: "t", layers: "x" }), ""],
  [
    "untagged goes, with the layers that it alone named",
    draw({ t: { names: "x" }, a: { names: "x y" } }, { tags: "t", layers: "x y" }),
    "a y",
  ],
  [
    "children of children stay",
    draw({ t: { names: "a" }, a: { names: "b" }, b: { names: "x" } }, { tags: "t", layers: "x" }),
    "",
  ],
  [
    "young ones stay, with what they name",
    draw({ a: { names: "b", at: 100 }, b: { names: "x" } }, { layers: "x" }),
    "",
  ],
  [
    "referrers of kept subjects stay, to any depth",
    draw({ t: {}, a: { about: "t", names: "x" }, b: { about: "a" } }, { tags: "t", layers: "x" }),
    "",
  ],
  ["a referrer does not keep its subject", draw({ a: { about: "b", at: 100 }, b: {} }), "b"],
  ["circles go as a whole", draw({ a: { names: "b" }, b: { names: "a", about: "a" } }), "a b"],
  ["a tag that points to nothing keeps nothing", draw({ a: {} }, { tags: "t" }), "a"],
  ["nothing goes where something could not be understood", draw({ a: {} }, { layers: "x", problems: ["?"] }), ""],
  ["layers that no manifest names go", draw({}, { layers: "x y" }), "x y"],
];

test.each(cases)("planPrune(): %s", async (_what, scan, gone) => {
  expect(await goneOf(scan)).toBe(gone);
});

test("planPrune() keeps untagged manifests and their layers unless they are to be deleted", async () => {
  expect(await goneOf(draw({ a: { names: "x" } }, { layers: "x y" }), { ...old, deletesUntagged: false })).toBe("y");
});

test("planPrune() keeps roots with what they name", async () => {
  const scan = draw({ a: { names: "b" }, b: { names: "x" }, c: {} }, { layers: "x" });
  expect(await goneOf(scan, { ...old, roots: new Set([digestOf("a")]) })).toBe("c");
});
