// Large blobs: one at a time and four at once, pushed and pulled.
import type { Job } from "../load.ts";
import { type RowInWork, takeTurns } from "../measure.ts";
import type { Row } from "../results.ts";
import { type Bench, type Setting, Stage } from "../stage.ts";

const repository = "bench/large";

/** Pushes and pulls; over TLS one at a time only. */
export async function measureLarge(bench: Bench, setting: Setting): Promise<readonly Row[]> {
  await using stage = await Stage.start(bench, setting);
  const { largeBytes, largeAtOnceBytes } = bench.sizes;
  await measureTransfers(stage, {
    id: "large",
    work: `one blob of ${sizeOf(largeBytes)}`,
    sizeBytes: largeBytes,
    count: 1,
  });
  if (!setting.isTls) {
    await measureTransfers(stage, {
      id: "large-chunked",
      work: `one blob of ${sizeOf(largeBytes)} in a PATCH`,
      sizeBytes: largeBytes,
      count: 1,
      chunked: true,
    });
    await measureTransfers(stage, {
      id: "large-4",
      work: `four blobs of ${sizeOf(largeAtOnceBytes)} at once`,
      sizeBytes: largeAtOnceBytes,
      count: 4,
    });
  }
  stage.closeWithMemory("large", "large blobs");
  return stage.rows;
}

interface Transfer {
  readonly id: string;
  readonly work: string;
  readonly sizeBytes: number;
  readonly count: number;
  /** Pushed as docker does it; it is not pulled then, since that would be the same again. */
  readonly chunked?: boolean;
}

/** Pushes and pulls so many at once. */
export async function measureTransfers(
  stage: Stage,
  { id, work, sizeBytes, count, chunked = false }: Transfer,
): Promise<void> {
  const { load, sizes } = stage.bench;
  const push = stage.addRow({ id: `push-${id}`, work: `push ${work}`, unit: "s/GB" });
  const pull: RowInWork | undefined = chunked
    ? undefined
    : stage.addRow({ id: `pull-${id}`, work: `pull ${work}`, unit: "s/GB" });
  for (let round = 1; round <= sizes.rounds; round += 1) {
    const seed = `${id} ${round}`;
    const job: Job = { kind: "pushBlobs", connections: count, count, repository, seed, sizeBytes, chunked };
    const digests = await load.describeBlobs(job);
    const targets = digests.map((digest) => `/v2/${repository}/blobs/${digest}`);
    await takeTurns(load, push, { servers: stage.servers, round, jobOf: () => job });
    const pulling: Job = { kind: "requests", method: "GET", connections: count, count, targets };
    if (pull !== undefined) await takeTurns(load, pull, { servers: stage.servers, round, jobOf: () => pulling });
    stage.dropLarge();
  }
}

/** A size as it is said: "250 MB", "1 GB". */
export function sizeOf(bytes: number): string {
  const [unit, name] = (
    [
      [1e9, "GB"],
      [1e6, "MB"],
      [1e3, "KB"],
    ] as const
  ).find(([size]) => bytes >= size) ?? [1, "bytes"];
  return `${Number((bytes / unit).toFixed(1))} ${name}`;
}
