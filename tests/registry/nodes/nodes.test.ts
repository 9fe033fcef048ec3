// Nothing that a registry on a bucket told its users is lost, whatever the store loses, delays or doubles, and whichever node
// sleeps or dies in the middle of a push, a deletion or a collection. FAST_CHECK_RUNS=1000 searches longer.
import { expect, test } from "bun:test";
import { type Chance, chanceOf, lots, Turns } from "../../storage/s3/turns.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { type Deed, World, type WorldOptions } from "./world.ts";

const runs = Number(process.env.FAST_CHECK_RUNS ?? 8);

/** Everything, as often as nodes do it. */
const all: readonly Deed[] = ["push", "push", "push", "deleteManifest", "deleteTag", "collect"];
const four = Array.from({ length: 4 }, () => all);
const deedsOfNode = 4;

const leaps = [1_000, 10_000, 61_000, 200_000, 1_200_000];

/** The store fails now and then, its late requests arrive some time, and its clock goes on, or leaps. */
function disturb({ engine }: World, chance: Chance): () => void {
  engine.fault = () => (chance.below(60) === 0 ? lots[chance.below(lots.length)] : undefined);
  return () => {
    if (chance.below(10) === 0) void engine.arrive();
    if (chance.below(120) === 0) engine.nowMs += leaps[chance.below(leaps.length)] ?? 0;
  };
}

/** Nodes that do some such things each; what broke, if something did, and how much was promised. */
async function play(seed: number, { deletesUntagged }: Pick<WorldOptions, "deletesUntagged">) {
  using scratch = temporaryDirectory({ isInMemory: true });
  const chance = chanceOf(seed);
  const world = new World(chance, { deletesUntagged, scratch: scratch.path });
  const turns = new Turns(chance);
  await world.stock(world.node(async () => {}));
  const step = disturb(world, chance);
  let broken: string | undefined;
  const work = four.map(async (deeds, actor) => {
    const node = world.node(() => turns.wait(actor));
    for (let round = 0; round < deedsOfNode; round += 1) {
      const deed = deeds[chance.below(deeds.length)] ?? "push";
      // What was not answered was not promised.
      await world[deed](node).catch(() => {});
    }
  });
  await turns.give(work, () => {
    step();
    broken ??= world.promises.broken();
  });
  return { broken: broken ?? world.promises.broken(), promises: world.promises.count };
}

test.each([
  ["manifests without a tag stay", false],
  ["collections take manifests without a tag", true],
] as const)(
  "nothing that was promised is lost where %s",
  async (_, deletesUntagged) => {
    const broken: string[] = [];
    let promises = 0;
    for (let seed = 1; seed <= runs; seed += 1) {
      const outcome = await play(seed, { deletesUntagged });
      promises += outcome.promises;
      if (outcome.broken !== undefined) broken.push(`seed ${seed}: ${outcome.broken}`);
    }
    expect([broken, promises > runs]).toEqual([[], true]);
  },
  3_600_000,
);
