// The tags of one repository and the catalog, by pages and whole, where there are ten thousand of each.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "../load.ts";
import { takeTurns } from "../measure.ts";
import type { Row } from "../results.ts";
import { dataDirectory } from "../servers/server.ts";
import { type Bench, peersOf, type Setting, Stage, sharingLayout } from "../stage.ts";
import { copyStore, writeRepositories, writeTags } from "../stores.ts";

const pageLength = 1000;

/** Listings of those whose store can be written without them: pushing ten thousand tags takes zot minutes. */
export async function measureListings(bench: Bench, setting: Setting): Promise<readonly Row[]> {
  const { listed } = bench.sizes;
  const peers = sharingLayout(peersOf(bench));
  const store = join(setting.place.path, "store");
  bench.say(`writing ${listed} tags and ${listed} repositories`);
  writeTags(store, { repository: "bench/tags", tags: listed });
  writeRepositories(store, listed);
  copyStore(
    store,
    peers.map(({ kind }) => dataDirectory(setting.place.path, kind)),
  );
  rmSync(store, { recursive: true });
  await using stage = await Stage.start(bench, setting, peers);
  // One more repository than was written: the one with the tags.
  const questions = [
    ["tags-pages", `list ${listed} tags by pages of ${pageLength}`, `/v2/bench/tags/tags/list?n=${pageLength}`],
    ["tags-whole", `list ${listed} tags at once`, "/v2/bench/tags/tags/list"],
    ["catalog-pages", `list ${listed} repositories by pages of ${pageLength}`, `/v2/_catalog?n=${pageLength}`],
    ["catalog-whole", `list ${listed} repositories at once`, `/v2/_catalog?n=${listed + 1}`],
  ] as const;
  for (const [id, work, target] of questions) {
    const row = stage.addRow({ id, work, unit: "ms" });
    const job: Job = { kind: "pages", connections: 1, targets: [target], forMs: bench.sizes.forMs };
    for (let round = 0; round <= bench.sizes.rounds; round += 1)
      await takeTurns(bench.load, row, { servers: stage.servers, round, jobOf: () => job });
  }
  stage.closeWithMemory("listings", "listings");
  return stage.rows;
}
