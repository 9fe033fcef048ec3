// What waiting for a disk costs: ours as it is shipped, ours with `durable: false`, and peers, which sync files but not directories.
import type { Row } from "../results.ts";
import { type Bench, peersOf, type Setting, Stage } from "../stage.ts";
import { measurePushes } from "./images.ts";
import { measureTransfers, sizeOf } from "./large.ts";

/** Small images and one large blob at a time. */
export async function measureDisk(bench: Bench, setting: Setting): Promise<readonly Row[]> {
  const undurable = bench.peers.filter(({ kind }) => kind === "undurable");
  await using stage = await Stage.start(bench, setting, [...peersOf(bench), ...undurable]);
  await measurePushes(stage);
  const sizeBytes = bench.sizes.largeAtOnceBytes;
  await measureTransfers(stage, { id: "large", work: `one blob of ${sizeOf(sizeBytes)}`, sizeBytes, count: 1 });
  return stage.rows;
}
