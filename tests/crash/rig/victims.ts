// The processes that suffer: servers and collectors on one directory.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type StartedRegistry, startRegistry } from "../../e2e/executable.ts";
import { environment, waitUntil } from "../../e2e/program.ts";
import { isAlive } from "./fleet.ts";
import { pause } from "./pause.ts";
import type { Ailment, Fault, Span } from "./plan.ts";
import type { Tally } from "./tally.ts";

/** Where victims work, and with what. */
export interface Scene {
  readonly executable: string;
  readonly data: string;
  /** As on the command line, such as 2s. */
  readonly grace: string;
  readonly deletesUntagged: boolean;
}

/** The environment of a program that has a wall clock of its own; empty for all others. */
type Environment = Readonly<Record<string, string>>;

/** A server with what its fault puts in front of it; undefined when it was killed before it listened. */
export async function startServer(
  { executable, data, grace, deletesUntagged }: Scene,
  {
    fault,
    collectsInside,
    clock = {},
  }: { readonly fault: Fault | undefined; readonly collectsInside: boolean; readonly clock?: Environment },
): Promise<StartedRegistry | undefined> {
  const env = collectsInside
    ? { REGISTRY_GC_INTERVAL: "300ms", REGISTRY_GC_GRACE: grace, REGISTRY_GC_DELETEUNTAGGED: String(deletesUntagged) }
    : {};
  const injections = fault === undefined ? undefined : describeFault(fault);
  const under = injections === undefined ? [] : trace(injections);
  try {
    // A plan without an internal collection must not get the one that is on by default.
    const args = ["--http", "--log-level", "error"];
    return await startRegistry({
      executable,
      data,
      args,
      env: { REGISTRY_GC_INTERVAL: "24h", ...env, ...clock },
      under,
    });
  } catch (error) {
    // Killed, or failing, on its way: the text says with what it ended.
    if (under.length > 0) return undefined;
    throw error;
  }
}

/** What the tracer is told; undefined where none is needed. */
function describeFault(fault: Fault | Ailment): readonly string[] | undefined {
  switch (fault.kind) {
    case "call":
      return [`trace=${fault.call}`, `inject=${fault.call}:signal=KILL:when=${fault.when}`];
    case "dawdle":
      return [`trace=${fault.calls}`, `inject=${fault.calls}:delay_enter=${fault.delayMs * 1000}`];
    case "error":
      return [`trace=${fault.calls}`, `inject=${fault.calls}:error=${fault.error}:when=${fault.first}+${fault.step}`];
    default:
      return undefined;
  }
}

/** A tracer that is nobody's parent, so that the process keeps its number and its end. */
function trace(expressions: readonly string[]): readonly string[] {
  return ["strace", "-D", "-f", "-qq", "-o", "/dev/null", ...expressions.flatMap((text) => ["-e", text])];
}

/** Collects again and again until `isOver`; each run suffers what is next. */
export async function collectOnAndOn(
  scene: Scene,
  means: {
    readonly ailments: readonly Ailment[];
    readonly isOver: () => boolean;
    readonly isAlone: boolean;
    readonly tally: Tally;
    readonly clock: Environment;
    readonly pauseMs: () => number;
  },
): Promise<void> {
  for (let run = 0; !means.isOver(); run += 1) {
    // Another file in its place: whoever holds the old one keeps nobody away any more.
    if (!means.isAlone) removeQuietly(join(scene.data, "gc/lock"));
    await collectOnce(scene, { ...means, ailment: means.ailments[run % means.ailments.length] ?? { kind: "none" } });
    await Bun.sleep(means.pauseMs());
  }
}

/** The disk may be one that fails. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Then the collectors have their lock.
  }
}

async function collectOnce(
  { executable, data, grace, deletesUntagged }: Scene,
  {
    ailment,
    isOver,
    tally,
    clock,
  }: {
    readonly ailment: Ailment;
    readonly isOver: () => boolean;
    readonly tally: Tally;
    readonly clock: Environment;
  },
): Promise<void> {
  const command = [executable, "gc", "--data", data, "--grace", grace, "--json"];
  const options = deletesUntagged ? ["--delete-untagged"] : [];
  const injections = describeFault(ailment);
  const under = injections === undefined ? [] : trace(injections);
  const child = Bun.spawn([...under, ...command, ...options], {
    env: environment(clock),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    detached: true,
  });
  const killWhenOver = setInterval(() => isOver() && killGroup(child.pid), 5);
  const killing = ailment.kind === "kill" ? setTimeout(() => killGroup(child.pid), ailment.afterMs) : undefined;
  const freezing = ailment.kind === "freeze" ? freeze(child.pid, ailment.span, isOver) : undefined;
  const reaping = reap(child.pid, child.exited, isOver);
  const [output] = await Promise.all([child.stdout.text(), child.exited, freezing]);
  await reaping;
  clearInterval(killWhenOver);
  clearTimeout(killing);
  tally.countCollection(child.signalCode === "SIGKILL" || child.exitCode === 137 ? undefined : output);
}

/**
 * A tracer that is killed while it starts leaves a process of its own behind, traced by nobody who would let it go on,
 * which holds the output open.
 */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of them are gone.
  }
}

/** Lets a process stand still for a while; it goes on in any case. */
export async function freeze(pid: number, { afterMs, forMs }: Span, isOver: () => boolean): Promise<void> {
  await pause(afterMs, isOver);
  if (isOver() || !signal(pid, "SIGSTOP")) return;
  await pause(forMs, isOver);
  signal(pid, "SIGCONT");
}

/** How long a tracer may take to notice the end of what it traces. */
const tracerMs = 2000;

/** A tracer sometimes never notices that what it traces is dead, and nobody else hears of it: then it is ended too. */
export async function reap(pid: number, exited: Promise<unknown>, isOver: () => boolean): Promise<void> {
  let hasExited = false;
  void exited.then(() => {
    hasExited = true;
  });
  for (let deadMs = 0; !hasExited; await Bun.sleep(20)) {
    const status = readStatus(pid);
    deadMs = isOver() || status.includes("State:\tZ") ? deadMs + 20 : 0;
    const tracer = Number(/^TracerPid:\t(\d+)$/m.exec(status)?.[1] ?? 0);
    if (deadMs > tracerMs && tracer > 1) signal(tracer, "SIGKILL");
  }
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

/** Stops a process; resolves when none of its threads runs any more. */
export async function standStill({ pid }: { readonly pid: number }): Promise<void> {
  if (!signal(pid, "SIGSTOP")) return;
  await waitUntil("it stands still", () => /^State:\s+[TtZX]/m.test(readStatus(pid)) || readStatus(pid) === "");
}

/** False when there is no such process any more. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  if (!isAlive(pid)) return false;
  process.kill(pid, name);
  return true;
}
