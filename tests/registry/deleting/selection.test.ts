import { expect, test } from "bun:test";
import { resolveSelection } from "../../../src/registry/deleting/selection.ts";
import { digestOf, named, tagged } from "../stocked.ts";

const app = named("app");

/** An index with so many children, and so many images, each with a tag. */
function scanOf({ children = 0, images = 0 }) {
  const revision = (name: string, named: readonly string[] = []) => {
    const digest = digestOf(name);
    return [digest, { digest, changedMs: 0, named: new Set(named.map(digestOf)), subject: undefined }] as const;
  };
  const of = (what: string, count: number) => Array.from({ length: count }, (_, index) => `${what}${index}`);
  return {
    revisions: new Map([
      revision("index", of("child", children)),
      ...of("child", children).map((name) => revision(name)),
      ...of("image", images).map((name) => revision(name)),
    ]),
    tags: new Map([
      [tagged("index"), digestOf("index")] as const,
      ...of("image", images).map((name) => [tagged(name), digestOf(name)] as const),
    ]),
  };
}

const everything = { tags: [], digests: [], isEverything: true };

test("resolveSelection() takes as many as go at once, in natural order, and says so", async () => {
  const rules = { isImmutable: () => false, maxItems: 6 };
  const chosen = await resolveSelection(app, { scan: scanOf({ images: 11 }), selection: everything }, rules);
  expect([chosen.tags.map(({ tag }) => tag), chosen.isComplete]).toEqual([
    ["image0", "image1", "image2"].map(tagged),
    false,
  ]);
  const rest = await resolveSelection(app, { scan: scanOf({ images: 1 }), selection: everything }, rules);
  expect([rest.tags.length, rest.isComplete]).toEqual([2, true]);
});

test("resolveSelection() counts an index with its children, and takes at least one", async () => {
  const rules = { isImmutable: () => false, maxItems: 6 };
  const chosen = await resolveSelection(
    app,
    { scan: scanOf({ children: 9, images: 1 }), selection: everything },
    rules,
  );
  expect([chosen.tags.map(({ tag }) => tag), chosen.isComplete]).toEqual([[tagged("image0")], false]);
  const alone = await resolveSelection(app, { scan: scanOf({ children: 9 }), selection: everything }, rules);
  expect([alone.tags.length, alone.isComplete]).toEqual([1, false]);
});

test("resolveSelection() names what is immutable and what is not there", async () => {
  const isImmutable = (_name: string, tag: string) => tag === "index";
  const selection = { tags: [tagged("index"), tagged("no")], digests: [digestOf("no")], isEverything: false };
  const chosen = await resolveSelection(app, { scan: scanOf({}), selection }, { isImmutable, maxItems: 10 });
  expect(chosen).toEqual({
    tags: [],
    digests: new Set(),
    immutable: [tagged("index")],
    unknown: ["no", digestOf("no")],
    isComplete: true,
  });
});
