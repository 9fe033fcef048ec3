// A worker ends with its supervisor, however that ended: nobody would write down its events, or tell it what was changed, and
// it would hold the port that the next one needs.
import { bindLibc } from "../../storage/libc.ts";

/** PR_SET_PDEATHSIG of Linux. */
const signalOnParentDeath = 1;
const killSignal = 9;

/**
 * Lets the system end this process at once when its parent ends, also one that hangs or is stopped. False if the parent is
 * gone already. Systems that cannot do that leave it to the closed line.
 */
export function endWithParent(parentPid: number): boolean {
  bindLibc("prctl", ["i32", "i64", "i64", "i64", "i64"])?.(signalOnParentDeath, killSignal, 0, 0, 0);
  return process.ppid === parentPid;
}
