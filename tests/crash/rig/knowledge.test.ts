import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { type Effect, type Entry, Knowledge, type Names } from "./knowledge.ts";
import { Ledger, readLedger } from "./ledger.ts";

const leaf: Names = { blobs: ["b1"], children: [], subject: undefined };
const manifest = (digest: string, value = true): Effect => ({ what: "manifest", place: `app@${digest}`, value });
const tag = (value: string | null): Effect => ({ what: "tag", place: "app:1", value });

/** Knows what follows from these requests, each with what became of it. */
function knowing(
  requests: readonly (readonly [Entry["phase"], readonly Effect[], Record<string, Names>?])[],
  isPruned = true,
): Knowledge {
  const knowledge = new Knowledge({ isPruned });
  requests.forEach(([phase, effects, made = {}], id) => {
    for (const [digest, names] of Object.entries(made)) {
      knowledge.apply({ phase: "asked", id, effects, made: { digest, names } });
    }
    if (Object.keys(made).length === 0) knowledge.apply({ phase: "asked", id, effects });
    if (phase !== "asked") knowledge.apply({ phase, id, effects });
  });
  return knowledge;
}

function possible(knowledge: Knowledge, what: Effect["what"], place: string): readonly unknown[] {
  return [...knowledge.of(what, place)].sort();
}

const pushed = ["answered", [manifest("m1"), tag("m1")], { m1: leaf }] as const;

describe("what a client knows", () => {
  test("of a request without an answer: the old value and the new one", () => {
    const knowledge = knowing([pushed, ["broken", [manifest("m2"), tag("m2")], { m2: leaf }]]);
    expect(possible(knowledge, "tag", "app:1")).toEqual(["m1", "m2"]);
    expect(possible(knowledge, "manifest", "app@m1")).toEqual([false, true]);
  });

  test("of a request that was refused: the old value, and that its image was kept", () => {
    const knowledge = knowing([pushed, ["refused", [manifest("m2"), tag("m2")], { m2: leaf }]]);
    expect(possible(knowledge, "tag", "app:1")).toEqual(["m1"]);
    expect(possible(knowledge, "manifest", "app@m1")).toEqual([true]);
    expect(possible(knowledge, "manifest", "app@m2")).toEqual([false]);
  });

  test("of a refused request beside another client's: what that one was told, not what was before both", () => {
    const blob: Effect = { what: "blob", place: "app@b1", value: true };
    const knowledge = new Knowledge({ isPruned: true });
    knowledge.apply({ phase: "seen", id: 0, effects: [{ ...blob, value: false }] });
    knowledge.apply({ phase: "asked", id: 1, effects: [blob] });
    knowledge.apply({ phase: "asked", id: 2, effects: [blob] });
    knowledge.apply({ phase: "answered", id: 2, effects: [blob] });
    knowledge.apply({ phase: "refused", id: 1, effects: [blob] });
    expect(possible(knowledge, "blob", "app@b1")).toEqual([false, true]);
  });

  test("of an acknowledged image: all of it must be there, and of a deleted one that it must not", () => {
    const knowledge = knowing([pushed]);
    expect([possible(knowledge, "manifest", "app@m1"), possible(knowledge, "blob", "app@b1")]).toEqual([
      [true],
      [true],
    ]);
    const deleted = knowing([pushed, ["answered", [manifest("m1", false), tag(null)]]]);
    expect(possible(deleted, "manifest", "app@m1")).toEqual([false]);
    expect(possible(deleted, "tag", "app:1")).toEqual([null]);
    expect(possible(deleted, "blob", "app@b1")).toEqual([false, true]);
  });

  test.each([
    [true, [false, true]],
    [false, [true]],
  ] as const)("of what no tag leads to, where a collector prunes it (%p)", (isPruned, want) => {
    const knowledge = knowing([pushed, ["answered", [tag(null)]]], isPruned);
    expect(possible(knowledge, "manifest", "app@m1")).toEqual(want);
  });

  test("of children and referrers of what a tag leads to: they must stay, and may go with it", () => {
    const index: Names = { blobs: [], children: ["m1"], subject: undefined };
    const signature: Names = { blobs: [], children: [], subject: "index" };
    const requests = [
      ["answered", [manifest("m1")], { m1: leaf }],
      ["answered", [manifest("index"), tag("index")], { index }],
      ["answered", [manifest("signature")], { signature }],
    ] as const;
    const kept = knowing(requests);
    expect(possible(kept, "manifest", "app@m1")).toEqual([true]);
    expect(kept.referrersOf("app@index")).toEqual(["signature"]);
    const left = knowing([...requests, ["answered", [tag(null)]]]);
    expect(possible(left, "manifest", "app@m1")).toEqual([false, true]);
    expect(left.referrersOf("app@index")).toEqual([]);
  });
});

test("a ledger that is read again gives the same knowledge", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "ledger");
  using ledger = new Ledger(path, { isPruned: true });
  const id = ledger.nextId();
  await Promise.all([
    ledger.record({ phase: "asked", id, effects: [manifest("m1"), tag("m1")], made: { digest: "m1", names: leaf } }),
    ledger.record({ phase: "answered", id, effects: [manifest("m1"), tag("m1")] }),
    ledger.record({ phase: "asked", id: ledger.nextId(), effects: [tag(null)] }),
  ]);
  expect(readLedger(path, { isPruned: true }).describe()).toEqual(ledger.knowledge.describe());
  expect([ledger.isTrue(), ledger.counts]).toEqual([true, { asked: 2, answered: 1 }]);
});
