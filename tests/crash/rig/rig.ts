// The crash rig: rounds of work, faults and inspections, until the time is over or enough has happened.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Chance } from "./chance.ts";
import type { ClientMemory } from "./client.ts";
import { makeSharedLayers } from "./contents.ts";
import { makeCrowd } from "./crowd.ts";
import { makeRigDisk, type RigDiskKind } from "./disk.ts";
import { Ledger } from "./ledger.ts";
import { type PlanOptions, planRound } from "./plan.ts";
import { playRound } from "./round.ts";
import { Tally } from "./tally.ts";
import type { World } from "./world.ts";

/** How the rig runs. */
export interface RigOptions extends PlanOptions {
  readonly executable: string;
  /** Where the ledgers go; not on the victims' disk. */
  readonly ledgers: string;
  /** Each epoch, on a new disk, takes the next one. */
  readonly disks: readonly RigDiskKind[];
  readonly graceSeconds: number;
  readonly clientCount: number;
  /** A round lasts until so many collections have come to their end, within bounds: on a busy machine few do by themselves. */
  readonly leastCollections: number;
  /** How many tags a repository has from the beginning, on disks in memory only: none where 0. */
  readonly tagCount: number;
  /** Called after each round: whether to go on. */
  readonly goesOn: (tally: Tally) => boolean;
}

/** After so many rounds an epoch ends, and everything begins anew on an empty disk. */
const roundsPerEpoch = 40;

/** Runs to the end; the tally says what was lost. */
export async function runRig(options: RigOptions): Promise<Tally> {
  const tally = new Tally();
  mkdirSync(options.ledgers, { recursive: true });
  for (let epoch = 0; epoch === 0 || options.goesOn(tally); epoch += 1) await playEpoch(epoch, options, tally);
  return tally;
}

async function playEpoch(epoch: number, options: RigOptions, tally: Tally): Promise<void> {
  const seed = `${options.seed}/epoch ${epoch}`;
  const chance = new Chance(seed);
  const kind = options.disks[epoch % options.disks.length];
  if (kind === undefined) throw new Error("no disk");
  // Without pruning every acknowledged manifest must stay, with it only what a tag leads to.
  const deletesUntagged = chance.happens(0.7);
  const tagCount = kind === "tmpfs" ? options.tagCount : 0;
  // Each tag takes two pages, and the disk has to be one that can be filled.
  await using disk = await makeRigDisk(kind, 64 + Math.ceil((tagCount * 2 * 4096) / 2 ** 20));
  if (tagCount > 0) makeCrowd(disk.data, tagCount);
  using ledger = new Ledger(join(options.ledgers, `ledger-${epoch}.jsonl`), { isPruned: deletesUntagged });
  const world: World = {
    seed,
    scene: { executable: options.executable, data: disk.data, grace: `${options.graceSeconds}s`, deletesUntagged },
    graceMs: options.graceSeconds * 1000,
    disk,
    ledger,
    clients: Array.from({ length: options.clientCount }, (_, id): ClientMemory => {
      return { id, pushed: new Map(), sessions: [], children: new Set(), made: 0 };
    }),
    sharedLayers: makeSharedLayers(chance),
    tagCount,
    leastCollections: options.leastCollections,
    tally,
  };
  const faults = options.faults.filter((fault) => fault !== (kind === "tmpfs" ? "power" : "full"));
  for (let round = 0; round < roundsPerEpoch && (round === 0 || options.goesOn(tally)); round += 1) {
    await playRound(world, planRound(epoch * roundsPerEpoch + round, { ...options, faults }));
  }
  for (const [phase, count] of Object.entries(ledger.counts)) tally.count(`ledger: ${phase}`, count);
  if (!ledger.isTrue())
    tally.problems.push(`epoch ${epoch}: the ledger's file tells something else than was remembered`);
}
