import { expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { MergedReferrers } from "../../src/proxy/merged-referrers.ts";
import type { Referrer } from "../../src/registry/referrers.ts";
import { digestOf } from "./misbehaving-upstream.ts";

const subject = digestOf("subject");
const all = { subject, artifactType: undefined, after: undefined };
const nothing = { items: [], hasMore: false };

/** The count-th of all digests in their order. */
const digestAt = (count: number) => `sha256:${count.toString(16).padStart(64, "0")}` as Digest;
const referrer = (count: number, fields: Partial<Referrer> = {}): Referrer => ({
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  size: 1,
  digest: digestAt(count),
  ...fields,
});
const counted = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => referrer(from + index));

test("two lists are one, in the order of digests and each once", async () => {
  const merged = new MergedReferrers({ items: [referrer(2), referrer(4)], hasMore: false }, all);
  await merged.add([referrer(5), { bad: true }, referrer(2), referrer(1)]);
  expect(merged.page("half of it")).toEqual({
    items: [1, 2, 4, 5].map((count) => referrer(count)),
    hasMore: false,
    warning: "half of it",
  });
});

test("what is not asked for is left out, and what has no artifact type of ours has none", async () => {
  const merged = new MergedReferrers(nothing, { subject, artifactType: "a/b", after: digestAt(2) });
  const [early, other, wanted] = [
    referrer(1, { artifactType: "a/b" }),
    referrer(3),
    referrer(4, { artifactType: "a/b" }),
  ];
  await merged.add([early, other, wanted, referrer(5, { artifactType: "a\nb" })]);
  expect(merged.page(undefined)).toEqual({ items: [wanted], hasMore: false });
});

test.each([
  [{ a: "b" }, { a: "b" }],
  [{ a: 1 }, undefined],
  [["a"], undefined],
  ["a", undefined],
  [null, undefined],
])("annotations %p are passed on as %p", async (given, annotations) => {
  const merged = new MergedReferrers(nothing, all);
  await merged.add([{ ...referrer(1), annotations: given }]);
  expect(merged.page(undefined).items).toEqual([referrer(1, annotations === undefined ? {} : { annotations })]);
});

test("pages follow each other without a gap, whatever the order in which upstream lists", async () => {
  const theirs = counted(0, 3000).reverse();
  const seen: Digest[] = [];
  let after: Digest | undefined;
  for (let page = 0; page < 3; page += 1) {
    const merged = new MergedReferrers(nothing, { ...all, after });
    await merged.add(theirs.slice(0, 1500));
    await merged.add(theirs.slice(1500));
    const { items, hasMore, last } = merged.page(undefined);
    expect([items.length, hasMore]).toEqual([1000, page < 2]);
    seen.push(...items.map(({ digest }) => digest));
    after = last;
  }
  expect(seen).toEqual(counted(0, 3000).map(({ digest }) => digest));
});

test("a page of what is cached ends where it ends, and the rest of upstream's comes with the next", async () => {
  const cached = { items: [referrer(1)], hasMore: true, last: digestAt(10) };
  const merged = new MergedReferrers(cached, all);
  await merged.add([referrer(11), referrer(9)]);
  expect(merged.page(undefined)).toEqual({ items: [referrer(1), referrer(9)], hasMore: true, last: digestAt(10) });
});

test("a page holds no more than clients read", async () => {
  const merged = new MergedReferrers(nothing, all);
  const large = counted(0, 10).map((each) => ({ ...each, annotations: { large: "x".repeat(1_000_000) } }));
  await merged.add(large);
  const { items, hasMore, last } = merged.page(undefined);
  expect([items.length, hasMore, last]).toEqual([3, true, digestAt(2)]);
});
