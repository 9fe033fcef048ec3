// What the rounds of an epoch have in common, and what everybody in one round works with.
import type { StartedRegistry } from "../../e2e/executable.ts";
import type { ClientMemory } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { Content } from "./contents.ts";
import type { RigDisk } from "./disk.ts";
import type { Fleet } from "./fleet.ts";
import type { Ledger } from "./ledger.ts";
import type { Tally } from "./tally.ts";
import type { Scene } from "./victims.ts";

/** What stays from round to round. */
export interface World {
  readonly seed: string;
  readonly scene: Scene;
  readonly graceMs: number;
  readonly disk: RigDisk;
  readonly ledger: Ledger;
  readonly clients: readonly ClientMemory[];
  readonly sharedLayers: readonly Content[];
  /** How many tags the crowded repository has that nobody takes away; there is none where 0. */
  readonly tagCount: number;
  /** How many collections have to end before a round does. */
  readonly leastCollections: number;
  readonly tally: Tally;
}

/** A round that is under way. */
export interface Stage {
  readonly servers: readonly StartedRegistry[];
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly isOver: () => boolean;
  /** Takes what must not be. */
  readonly report: (problem: string) => void;
}
