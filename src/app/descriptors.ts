// How many more files and connections the process may open. At the limit the system refuses to accept connections, and
// Bun, which is told that one waits, retries in a busy loop. So the server is told before it comes to that.
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Room, RunningServer } from "../http/server.ts";
import { errorCode, messageOf } from "../lib/system-error.ts";
import type { Logger } from "../log/logger.ts";

/** Reserved for the files of accepted requests: an eighth of all, within these bounds. */
const reserveBounds = { least: 8, most: 32 };
/** The longest time that Bun can spin; a check costs less than a tenth of a millisecond. */
const intervalMs = 20;
const warningIntervalMs = 60_000;

const atTheLimit =
  "all file descriptors are in use, so new connections are refused for a moment; raise their limit (LimitNOFILE= of " +
  "systemd, --ulimit nofile= of docker, ulimit -n)";

/** What is watched, and how. */
export interface DescriptorWatch {
  readonly server: Pick<RunningServer, "adapt">;
  readonly logger: Pick<Logger, "warn">;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** Tells the server how much room is left, until disposed. Bun has raised the soft limit already. */
export function watchDescriptors({ server, logger, now = () => performance.now() }: DescriptorWatch): Disposable {
  const limit = readLimit();
  if (limit === undefined) return { [Symbol.dispose]: () => {} };
  let warnedMs = Number.NEGATIVE_INFINITY;
  const warn = (sentence: string, fields: Readonly<Record<string, string | number>>) => {
    if (now() - warnedMs < warningIntervalMs) return;
    warnedMs = now();
    logger.warn(sentence, fields);
  };
  const look = () => {
    const room = measureRoom(limit);
    if (room === "none") warn(atTheLimit, { limit });
    try {
      server.adapt(room);
    } catch (error) {
      // Another process took the port meanwhile; the next check tries again.
      warn("connections cannot be accepted again", { error: messageOf(error) });
    }
  };
  const timer = setInterval(look, intervalMs);
  // The server keeps the process alive, not this timer.
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The limit of this process; undefined where the system does not tell. */
export function readLimit(path = "/proc/self/limits"): number | undefined {
  try {
    const soft = /^Max open files +(\d+) /m.exec(readFileSync(path, "latin1"))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** How much room is left below a limit: found by opening, since nothing counts descriptors cheaply. */
export function measureRoom(limit: number): Room {
  const reserve = Math.min(Math.max(limit >> 3, reserveBounds.least), reserveBounds.most);
  const opened: number[] = [];
  try {
    while (opened.length < reserve) opened.push(openSync("/", "r"));
    return "enough";
  } catch (error) {
    if (!["EMFILE", "ENFILE"].includes(errorCode(error) ?? "")) return "enough";
    return opened.length < reserve / 2 ? "none" : "little";
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}
