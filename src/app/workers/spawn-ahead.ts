// Workers that are started before there is anything to tell them, so that their executable is loaded while the supervisor opens
// the store. Each waits for its first order.
import type { SpawnWorker, WorkerHearer, WorkerProcess } from "./worker-process.ts";

/** Hands out the workers that were started ahead, then new ones; ends what is left when disposed of. */
export interface SpawningAhead extends Disposable {
  readonly spawn: SpawnWorker;
}

interface Spare {
  readonly process: WorkerProcess;
  hearer: WorkerHearer | undefined;
  hasEnded: boolean;
}

/** Starts so many. One that cannot be started is missed when it is needed. */
export function spawnAhead(spawn: SpawnWorker, count: number): SpawningAhead {
  const spares: Spare[] = [];
  for (let number = 0; number < count; number += 1) {
    const spare = startSpare(spawn);
    if (spare === undefined) break;
    spares.push(spare);
  }
  return {
    spawn: (hearer) => {
      const spare = spares.find(({ hasEnded }) => !hasEnded);
      if (spare === undefined) return spawn(hearer);
      spares.splice(spares.indexOf(spare), 1);
      spare.hearer = hearer;
      return spare.process;
    },
    [Symbol.dispose]: () => {
      for (const { process, hasEnded } of spares.splice(0)) if (!hasEnded) process.kill();
    },
  };
}

function startSpare(spawn: SpawnWorker): Spare | undefined {
  const state: Pick<Spare, "hearer" | "hasEnded"> = { hearer: undefined, hasEnded: false };
  try {
    const process = spawn({
      onReport: (report) => state.hearer?.onReport(report),
      onEnd: (reason) => {
        state.hasEnded = true;
        state.hearer?.onEnd(reason);
      },
    });
    return Object.assign(state, { process });
  } catch {
    return undefined;
  }
}
