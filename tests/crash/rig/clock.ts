// A wall clock that jumps, for the victims that have it.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { shiftedBy } from "../shifted-clock.ts";
import { pause } from "./pause.ts";
import type { Jump, RoundPlan } from "./plan.ts";

/** The clock of a round. */
export interface Clock extends Disposable {
  /** Added to the environment of who has it; nothing where the clock is the true one. */
  readonly env: Readonly<Record<string, string>>;
  jump(jumps: readonly Jump[], isOver: () => boolean): Promise<void>;
}

/** The clock that the plan asks for, right at first. */
export function makeClock({ fault }: RoundPlan): Clock {
  if (fault.kind !== "clock") return { env: {}, jump: async () => undefined, [Symbol.dispose]: () => undefined };
  const directory = temporaryDirectory();
  const file = join(directory.path, "offset");
  return {
    env: shiftedBy(file, "+0d"),
    jump: async (jumps, isOver) => {
      for (const { afterMs, by } of jumps) {
        await pause(afterMs, isOver);
        if (!isOver()) writeFileSync(file, by);
      }
    },
    [Symbol.dispose]: () => {
      rmSync(file, { force: true });
      directory[Symbol.dispose]();
    },
  };
}
