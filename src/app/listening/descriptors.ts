// How many more files and connections the process may open. At the limit the system refuses to accept connections, and
// Bun, which is told that one waits, retries in a busy loop. So the server is told before that happens.
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { type Room, type RunningServer, rooms } from "../../http/server.ts";
import { errorCode, messageOf } from "../../lib/system-error.ts";
import type { Logger } from "../../log/logger.ts";
import { watchConnections } from "./connections.ts";

/** Reserved for the files of accepted requests: an eighth of all, within these bounds. */
const reserveBounds = { least: 8, most: 32 };
/** The longest time that Bun can spin; a check costs less than a tenth of a millisecond. */
const intervalMs = 20;
const warningIntervalMs = 60_000;

const atTheLimit =
  "all file descriptors are in use, so new connections are refused for a moment; raise their limit (LimitNOFILE= of " +
  "systemd, --ulimit nofile= of docker, ulimit -n)";

const tooManyConnections =
  "as many connections are open as http.limits.connections allows, so idle ones are closed and new ones are answered 503";

/** What is watched, and how. */
export interface DescriptorWatch {
  readonly server: Pick<RunningServer, "adapt">;
  readonly logger: Pick<Logger, "warn">;
  /** How many connections may be open; infinite if there is no limit. */
  readonly maxConnections: number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** Tells the server how much room is left, until disposed. Bun has raised the soft limit already. */
export function watchDescriptors(watch: DescriptorWatch): Disposable {
  const { server, logger, maxConnections, now = () => performance.now() } = watch;
  const limit = readLimit();
  if (limit === undefined) return { [Symbol.dispose]: () => {} };
  const connections = watchConnections(maxConnections, now);
  let warnedMs = Number.NEGATIVE_INFINITY;
  const warn = (sentence: string, fields: Readonly<Record<string, string | number>>) => {
    if (now() - warnedMs < warningIntervalMs) return;
    warnedMs = now();
    logger.warn(sentence, fields);
  };
  const look = () => {
    const files = measureRoom(limit);
    if (files === "none") warn(atTheLimit, { limit });
    const sockets = connections();
    if (sockets === "full" || sockets === "none") warn(tooManyConnections, { limit: maxConnections });
    try {
      server.adapt(lesser(files, sockets));
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

function lesser(one: Room, other: Room): Room {
  return rooms.indexOf(one) > rooms.indexOf(other) ? one : other;
}

/** The limit of this process; undefined if the system does not tell. */
export function readLimit(path = "/proc/self/limits"): number | undefined {
  try {
    const soft = /^Max open files +(\d+) /m.exec(readFileSync(path, "latin1"))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/**
 * How much room is left below a limit: found by opening, since not every system counts descriptors cheaply, and since all
 * processes together may have too many. Far from its own limit one is enough for that.
 */
export function measureRoom(limit: number, openCount = countDescriptors()): Room {
  const reserve = Math.min(Math.max(limit >> 3, reserveBounds.least), reserveBounds.most);
  const isFar = openCount !== undefined && limit - openCount > 2 * reserve;
  const opened: number[] = [];
  try {
    while (opened.length < (isFar ? 1 : reserve)) opened.push(openSync("/", "r"));
    return "enough";
  } catch (error) {
    if (!["EMFILE", "ENFILE"].includes(errorCode(error) ?? "")) return "enough";
    return opened.length < reserve / 2 ? "none" : "little";
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

/** How many descriptors are open; undefined if the system does not tell at a glance, as Linux does since 6.2. */
function countDescriptors(): number | undefined {
  try {
    return statSync("/proc/self/fd").size || undefined;
  } catch {
    return undefined;
  }
}
