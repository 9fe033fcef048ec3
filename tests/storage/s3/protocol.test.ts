// Nothing that was promised goes, whatever the store loses, delays or doubles, and whoever sleeps or dies; and each rule
// is needed for that. FAST_CHECK_RUNS=5000 searches longer.
import { describe, expect, test } from "bun:test";
import { chanceOf, disturb, Turns } from "./turns.ts";
import { type Flaws, World } from "./world.ts";

const runs = Number(process.env.FAST_CHECK_RUNS ?? 12);

/** Six nodes that do three things each; what broke, if something did, and how much was promised. */
async function play(seed: number, flaws: Flaws) {
  const chance = chanceOf(seed);
  const world = new World(chance, flaws);
  const turns = new Turns(chance);
  const { step } = disturb(world, chance);
  let broken: string | undefined;
  const work = Array.from({ length: 6 }, async (_, actor) => {
    const node = world.node(() => turns.wait(actor));
    const deeds = [
      world.upload,
      world.upload,
      world.push,
      world.push,
      world.remove,
      world.prune,
      world.collect,
      world.collect,
    ];
    for (let round = 0; round < 3; round += 1) {
      const deed = deeds[chance.below(deeds.length)] ?? world.upload;
      // What was not answered was not promised.
      await deed.call(world, node).catch(() => {});
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
    const outcome = await play(seed, {});
    promises += outcome.promises;
    if (outcome.broken !== undefined) broken.push(`seed ${seed}: ${outcome.broken}`);
  }
  expect([broken, promises > runs / 2]).toEqual([[], true]);
}, 600_000);

describe("something is lost", () => {
  test.each([
    ["where nobody lists notices", { isWithoutNotices: true }],
    ["where one looks before one writes", { looksFirst: true }],
    ["where one does not look at all", { looksForNothing: true }],
    ["where references are read before the notice is put", { readsFirst: true }],
    ["where the store takes requests that are over", { isExpiryIgnored: true }],
  ] as [string, Flaws][])(
    "%s",
    async (_, flaws) => {
      let found: string | undefined;
      for (let seed = 1; seed <= 1000 && found === undefined; seed += 1) found = (await play(seed, flaws)).broken;
      expect(found).toBeDefined();
    },
    600_000,
  );
});
