// A system call that sends a file does not return for as long as the client takes the bytes as fast as they come. A signal ends
// such a call early; the runtime continues from there in its next turn.
import { addressInLibc, bindLibc } from "../../storage/libc.ts";

/** How long a call may last. The signals cost a thousandth of the processor. */
const everyMs = 2;

const alarmSignal = 14;
/** ITIMER_REAL: it sends SIGALRM, to the thread that serves before any other one. */
const realTimer = 0;
/** Does nothing, and takes a number as handlers of signals do. Without a handler the signal would interrupt nothing, or end the process. */
const doingNothing = "abs";

/** How many need it: the process has one such timer. */
const holders = new Set<symbol>();

/** Interrupts calls that take long, until disposed of; does nothing if the system is not Linux. */
export function interruptCalls(): Disposable {
  const holder = Symbol("interrupting");
  holders.add(holder);
  if (holders.size === 1) setTimer(everyMs);
  return {
    [Symbol.dispose]: () => {
      if (holders.delete(holder) && holders.size === 0) setTimer(0);
    },
  };
}

function setTimer(intervalMs: number): void {
  if (process.platform !== "linux") return;
  const handler = addressInLibc(doingNothing);
  // With the C library's signal() a call that has sent nothing yet begins again.
  const onSignal = bindLibc("signal", ["i32", "ptr"]);
  const setitimer = bindLibc("setitimer", ["i32", "ptr", "ptr"]);
  if (handler === undefined || onSignal === undefined || setitimer === undefined) return;
  onSignal(alarmSignal, handler);
  const interval = BigInt(intervalMs * 1000);
  // Seconds and microseconds, between signals and until the first one.
  setitimer(realTimer, new Uint8Array(new BigInt64Array([0n, interval, 0n, interval]).buffer), 0);
}
