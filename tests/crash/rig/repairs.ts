// `registry verify --repair` beside everything else: it never cries loss, and what it repairs harms nobody.
import { environment } from "../../e2e/program.ts";
import { pause } from "./pause.ts";
import type { Tally } from "./tally.ts";
import type { Scene } from "./victims.ts";

/** Repairs again and again until `isOver`. */
export async function repairOnAndOn(
  { executable, data }: Scene,
  means: {
    readonly isOver: () => boolean;
    readonly tally: Tally;
    readonly pauseMs: () => number;
    readonly report: (problem: string) => void;
  },
): Promise<void> {
  while (!means.isOver()) {
    const child = Bun.spawn([executable, "verify", "--repair", "--data", data, "--json"], {
      env: environment(),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const killWhenOver = setInterval(() => means.isOver() && child.kill("SIGKILL"), 5);
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    clearInterval(killWhenOver);
    const isKilled = child.signalCode === "SIGKILL";
    means.tally.count(isKilled ? "repairs killed" : "repairs beside others");
    // 1 where something is left to tidy up; 2 would say that something is lost.
    if (!isKilled && code !== 0 && code !== 1)
      means.report(`verify --repair beside others: ${code} ${stdout}${stderr}`);
    await pause(means.pauseMs(), means.isOver);
  }
}
