// How the cost of ours grows with what it holds and with who asks.
import { growByBlobSize } from "./growth/blob-size.ts";
import { growByBlobs } from "./growth/blobs.ts";
import { growByConnections } from "./growth/connections.ts";
import type { Ground } from "./growth/cost.ts";
import { growByRepositories } from "./growth/repositories.ts";
import { growByTags } from "./growth/tags.ts";
import type { Place } from "./places.ts";
import type { Growth } from "./results.ts";
import type { Bench } from "./stage.ts";

/** Measures all of it, in memory. */
export async function measureGrowth(bench: Bench, place: Place): Promise<readonly Growth[]> {
  const ground: Ground = { bench, place };
  return [
    await growByBlobs(ground),
    await growByTags(ground),
    await growByRepositories(ground),
    await growByConnections(ground),
    await growByBlobSize(ground),
  ];
}
