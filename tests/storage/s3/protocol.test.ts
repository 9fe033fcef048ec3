// Nothing that was promised goes, whatever the store loses, delays or doubles, and whoever sleeps or dies; and each rule
// is needed for that. FAST_CHECK_RUNS=5000 searches longer.
import { describe, expect, test } from "bun:test";
import { BucketAdding } from "../../../src/storage/s3/adding.ts";
import { contentsScope, Notices } from "../../../src/storage/s3/notices.ts";
import { beginRemoving } from "../../../src/storage/s3/removing.ts";
import { bytesOf, openBucket } from "./bucket.ts";
import { Engine } from "./engine.ts";
import { chanceOf, disturb, Turns } from "./turns.ts";
import { type Flaws, World } from "./world.ts";

const runs = Number(process.env.FAST_CHECK_RUNS ?? 12);

type Deed = "upload" | "push" | "remove" | "prune" | "collect";

/** Everything that nodes do, as often as they do it. */
const all: readonly Deed[] = ["upload", "upload", "push", "push", "remove", "prune", "collect", "collect"];
const six = Array.from({ length: 6 }, () => all);
/** Few, so that whoever sleeps sleeps through whole collections. */
const two: readonly (readonly Deed[])[] = [["upload"], ["collect"]];

/** Nodes that do three such things each; what broke, if something did, and how much was promised. */
async function play(seed: number, flaws: Flaws, nodes: readonly (readonly Deed[])[]) {
  const chance = chanceOf(seed);
  const world = new World(chance, flaws);
  const turns = new Turns(chance);
  const { step } = disturb(world, chance);
  let broken: string | undefined;
  const work = nodes.map(async (deeds, actor) => {
    const node = world.node(() => turns.wait(actor));
    for (let round = 0; round < 3; round += 1) {
      const deed = deeds[chance.below(deeds.length)] ?? "upload";
      // What was not answered was not promised.
      await world[deed](node).catch(() => {});
    }
  });
  await turns.give(work, () => {
    step();
    broken ??= world.broken();
  });
  return { broken: broken ?? world.broken(), promises: world.promises };
}

test("nothing that was promised is lost", async () => {
  const broken: string[] = [];
  let promises = 0;
  for (let seed = 1; seed <= runs; seed += 1) {
    const outcome = await play(seed, {}, six);
    promises += outcome.promises;
    if (outcome.broken !== undefined) broken.push(`seed ${seed}: ${outcome.broken}`);
  }
  expect([broken, promises > runs / 2]).toEqual([[], true]);
}, 600_000);

describe("something is lost", () => {
  test.each([
    ["where nobody lists notices", { isWithoutNotices: true }, six],
    ["where one looks before one writes", { looksFirst: true }, two],
    ["where one does not look at all", { looksForNothing: true }, six],
    ["where references are read before the notice is put", { readsFirst: true }, six],
  ] as const)(
    "%s",
    async (_, flaws, nodes) => {
      let found: string | undefined;
      for (let seed = 1; seed <= 10_000 && found === undefined; seed += 1)
        found = (await play(seed, flaws, nodes)).broken;
      expect(found).toBeDefined();
    },
    600_000,
  );
});

test.each([true, false])(
  "a deletion that arrives when its notice is over: the store refuses it %p",
  async (isExpiryEnforced) => {
    const engine = new Engine({ isExpiryEnforced });
    const [{ objects }, other] = [openBucket({ engine }), openBucket({ engine })];
    const noticesOf = (of: typeof objects) => new Notices(of, { prefix: "notices/", newId: () => "1" });
    await objects.put("blob", bytesOf("x"));
    const announced = { notices: noticesOf(objects), scope: contentsScope, keys: ["blob"], seconds: 60 };
    const removing = await beginRemoving(objects, announced);
    engine.fault = ({ method }) => (method === "DELETE" ? { kind: "late" } : undefined);
    await removing.delete("blob").catch(() => {});
    engine.fault = () => undefined;
    await removing[Symbol.asyncDispose]();
    const adding = new BucketAdding(other.objects, { notices: noticesOf(other.objects), scope: "r-1", seconds: 60 });
    const meanwhile = await adding.find(["blob"]);
    engine.nowMs += 181_000;
    const [found] = await adding.find(["blob"]);
    await engine.arrive();
    expect([meanwhile, typeof found, engine.keys().includes("blob")]).toEqual([
      ["noticed"],
      "object",
      isExpiryEnforced,
    ]);
  },
);
