// Whole small images: pushed by eight clients at once, and pulled by sixteen.
import type { Job } from "../load.ts";
import { prepare, takeTurns } from "../measure.ts";
import type { Row } from "../results.ts";
import { type Bench, type Setting, Stage } from "../stage.ts";

const pushers = 8;
const pullers = 16;
const pushedBlobs = [16 * 1024, 16 * 1024];
const pulledBlobs = [2048, 512 * 1024, 512 * 1024];

/** Pushes into one repository and into many, and pulls. */
export async function measureImages(bench: Bench, setting: Setting): Promise<readonly Row[]> {
  await using stage = await Stage.start(bench, setting);
  await measurePushes(stage);
  await measurePulls(stage);
  stage.closeWithMemory("images", "images");
  return stage.rows;
}

/** Pushes into one repository, then into many. */
export async function measurePushes(stage: Stage): Promise<void> {
  const { load, sizes } = stage.bench;
  for (const spread of [false, true]) {
    const id = `images-${spread ? "many" : "one"}`;
    const place = spread ? "each into its own repository" : "into one repository";
    const work = `push images of 2 × 16 KiB, ${pushers} at once, ${place}`;
    const row = stage.addRow({ id, work, unit: "ms" });
    for (let round = 0; round <= sizes.rounds; round += 1) {
      const repository = `bench/${id}-${round}`;
      const count = round === 0 ? pushers : sizes.images;
      const seed = `${id}-${round}`;
      const job: Job = {
        kind: "pushImages",
        connections: pushers,
        count,
        repository,
        spread,
        seed,
        blobSizes: pushedBlobs,
      };
      await takeTurns(load, row, { servers: stage.servers, round, jobOf: () => job });
    }
  }
}

async function measurePulls(stage: Stage): Promise<void> {
  const { load, sizes } = stage.bench;
  const count = sizes.pulledImages;
  const job: Job = {
    kind: "pushImages",
    connections: 4,
    count,
    repository: "bench/pulled",
    seed: "pulled",
    blobSizes: pulledBlobs,
  };
  await prepare(load, stage.servers, job);
  const targets = (await load.describeImages(job)).flatMap(({ repository, tag, blobs }) => [
    `/v2/${repository}/manifests/${tag}`,
    ...blobs.map((digest) => `/v2/${repository}/blobs/${digest}`),
  ]);
  const row = stage.addRow({
    id: "pull-images",
    work: `pull ${count} images of 1 MiB, ${pullers} at once`,
    unit: "ms",
  });
  const groupSize = pulledBlobs.length + 1;
  const pulling: Job = { kind: "requests", method: "GET", connections: pullers, count, targets, groupSize };
  for (let round = 0; round <= sizes.rounds; round += 1)
    await takeTurns(load, row, { servers: stage.servers, round, jobOf: () => pulling });
}
