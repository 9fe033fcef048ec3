import { describe, expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { planRemoval } from "../../../src/registry/deleting/removal.ts";
import { digestOf, tagged } from "../stocked.ts";

/** Revisions by name: what they name, what they refer to, their time. */
type Drawn = Readonly<Record<string, { readonly names?: string; readonly about?: string; readonly at?: number }>>;

const words = (text: string) => text.split(" ").filter((word) => word !== "");
const nowMs = 100_000_000;

/** Tags are written "tag>manifest". */
function draw(revisions: Drawn, tags: string, { unread = "", hasStrayLinks = false } = {}) {
  return {
    revisions: new Map(
      Object.entries(revisions).map(([name, { names = "", about, at = 0 }]) => {
        const digest = digestOf(name);
        const subject = about === undefined ? undefined : digestOf(about);
        return [digest, { digest, changedMs: at, named: new Set(words(names).map(digestOf)), subject }];
      }),
    ),
    tags: new Map(
      words(tags).map((text) => {
        const [tag = "", manifest = ""] = text.split(">");
        return [tagged(tag), digestOf(manifest)];
      }),
    ),
    unread: new Set(words(unread).map(digestOf)),
    hasStrayLinks,
  };
}

async function decide(
  scan: ReturnType<typeof draw>,
  { tags = "", digests = "", only }: { readonly tags?: string; readonly digests?: string; readonly only?: string },
) {
  const names = new Map([...scan.revisions.keys()].map((digest) => [digest, ""]));
  for (const word of ["a", "b", "c", "d", "i", "j", "s", "t"]) names.set(digestOf(word), word);
  const nameOf = (digest: Digest) => names.get(digest) ?? "?";
  const plan = await planRemoval(scan, {
    tags: new Set(words(tags).map(tagged)),
    digests: new Set(words(digests).map(digestOf)),
    only: only === undefined ? undefined : new Set(words(only).map(digestOf)),
    nowMs,
  });
  return {
    gone: [...plan.manifests].map(([digest, reason]) => `${nameOf(digest)} ${reason}`),
    kept: plan.kept.map(({ digest, because, by }) => {
      const readable = by.map((each) => names.get(each as Digest) ?? each);
      return `${nameOf(digest)} ${because}${readable.length > 0 ? ` ${readable.join(",")}` : ""}`;
    }),
  };
}

describe("planRemoval()", () => {
  const index: Drawn = { i: { names: "a b" }, a: { names: "x" }, b: { names: "y" } };

  test.each([
    ["a tag takes its manifest with it", draw({ a: {} }, "1>a"), { tags: "1" }, ["a untagged"], []],
    ["another tag keeps it", draw({ a: {} }, "1>a 2>a"), { tags: "1" }, [], ["a tag 2"]],
    [
      "an index takes its children with it",
      draw(index, "1>i"),
      { tags: "1" },
      ["i untagged", "a child", "b child"],
      [],
    ],
    ["a child that has a tag stays", draw(index, "1>i 2>a"), { tags: "1" }, ["i untagged", "b child"], ["a tag 2"]],
    [
      "a child of another index stays",
      draw({ ...index, j: { names: "b" } }, "1>i 2>j"),
      { tags: "1" },
      ["i untagged", "a child"],
      ["b index j"],
    ],
    [
      "also of one that has no tag",
      draw({ ...index, j: { names: "b" } }, "1>i"),
      { tags: "1" },
      ["i untagged", "a child"],
      ["b index j"],
    ],
    [
      "the last parent takes it",
      draw({ ...index, j: { names: "b" } }, "1>i 2>j"),
      { tags: "1 2" },
      ["i untagged", "j untagged", "a child", "b child"],
      [],
    ],
    [
      "an index over an index, parents first",
      draw({ j: { names: "i a" }, ...index }, "1>j"),
      { tags: "1" },
      ["j untagged", "i child", "a child", "b child"],
      [],
    ],
    [
      "a manifest of an index that stays is kept, whoever chose it",
      draw(index, "1>i"),
      { digests: "a" },
      [],
      ["a index i"],
    ],
    [
      "signatures go with their subject, and theirs with them",
      draw({ a: {}, s: { about: "a" }, t: { about: "s" } }, "1>a"),
      { tags: "1" },
      ["a untagged", "s referrer", "t referrer"],
      [],
    ],
    [
      "a signature that has a tag stays",
      draw({ a: {}, s: { about: "a" } }, "1>a sig>s"),
      { tags: "1" },
      ["a untagged"],
      ["s tag sig"],
    ],
    [
      "what refers to a child that stays does too",
      draw({ ...index, s: { about: "a" } }, "1>i 2>a"),
      { tags: "1" },
      ["i untagged", "b child"],
      ["a tag 2", "s subject a"],
    ],
    [
      "a signature alone goes without its subject",
      draw({ a: {}, s: { about: "a" } }, "1>a"),
      { digests: "s" },
      ["s selected"],
      [],
    ],
    ["but not with its tag alone", draw({ a: {}, s: { about: "a" } }, "1>a 2>s"), { tags: "2" }, [], ["s subject a"]],
    ["what is not there is passed over", draw({ a: {} }, "1>a"), { tags: "9", digests: "b" }, [], []],
    [
      "a child that somebody asked for lately stays: a push may be under way",
      draw({ i: { names: "a b", at: nowMs - 1000 }, a: { at: nowMs - 500 }, b: { at: nowMs - 2000 } }, "1>i"),
      { tags: "1" },
      ["i untagged", "b child"],
      ["a touched"],
    ],
    [
      "not if that was long ago",
      draw({ i: { names: "a" }, a: { at: nowMs - 3_600_000 } }, "1>i"),
      { tags: "1" },
      ["i untagged", "a child"],
      [],
    ],
    [
      "beside a manifest that cannot be read nothing goes but what was chosen by its digest",
      draw({ a: {}, b: {}, c: {} }, "1>a 2>c", { unread: "c" }),
      { tags: "1", digests: "b" },
      ["b selected"],
      ["a unreadable"],
    ],
    [
      "the damaged one itself can go",
      draw({ a: {}, c: {} }, "1>a 2>c", { unread: "c" }),
      { tags: "2" },
      ["c untagged"],
      [],
    ],
    [
      "a tag that cannot be read may point to anything",
      draw({ a: {} }, "1>a", { hasStrayLinks: true }),
      { tags: "1" },
      [],
      ["a unreadable"],
    ],
    ["of an order nothing else goes", draw(index, "1>i"), { tags: "1", only: "i a" }, ["i untagged", "a child"], []],
    ["and what stays keeps what it needs", draw(index, "1>i"), { tags: "1", only: "a b" }, [], []],
    [
      "an index that refers to its own child goes with it",
      draw({ s: { names: "a", about: "a" }, a: {} }, "1>a"),
      { tags: "1" },
      ["a untagged", "s referrer"],
      [],
    ],
  ])("%s", async (_what, scan, choice, gone, kept) => {
    expect(await decide(scan, choice)).toEqual({ gone, kept });
  });
});
