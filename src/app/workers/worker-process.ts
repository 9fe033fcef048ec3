// Starts a process of this executable that serves requests.
import { accessSync, constants } from "node:fs";
import { messageOf } from "../../lib/system-error.ts";
import type { WorkerOrder, WorkerReport } from "./messages.ts";

/** The word that makes the executable a worker. It is not for people: it means nothing without a supervisor. */
export const workerWord = "worker";

/** A worker as its supervisor holds it. */
export interface WorkerProcess {
  readonly pid: number;
  send(order: WorkerOrder): void;
  /** Ends it at once. */
  kill(): void;
}

/** Who hears of a worker. */
export interface WorkerHearer {
  readonly onReport: (report: WorkerReport) => void;
  /** It is no more; why, in words. */
  readonly onEnd: (reason: string) => void;
}

/** Starts a worker; throws the system's error. */
export type SpawnWorker = (hearer: WorkerHearer) => WorkerProcess;

type WorkerEnvironment = Readonly<Record<string, string | undefined>>;

/** Leads to the executable that runs, whatever lies at its path. */
const running = "/proc/self/exe";

/**
 * The executable as it runs, also if its file was replaced meanwhile: a supervisor and its workers are one version. By its
 * path if the system does not let it look at itself: one with capabilities of its own.
 */
export function ownCommand(main: string, execPath: string, canRun = isRunnable(running)): readonly string[] {
  if (!main.startsWith("/$bunfs/")) return [execPath, main];
  return [canRun ? running : execPath];
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts workers by this command; they get the environment, and write where this process does. */
export function spawnWith(command: readonly string[], env: WorkerEnvironment): SpawnWorker {
  return ({ onReport, onEnd }) => {
    const child = Bun.spawn({
      cmd: [...command, workerWord],
      argv0: "registry",
      env: { ...env },
      stdio: ["ignore", "inherit", "inherit"],
      serialization: "advanced",
      ipc: (report: WorkerReport) => onReport(report),
      onExit: (_, code, signal, error) => onEnd(describeExit({ code, signal, error })),
    });
    return {
      pid: child.pid,
      send: (order) => {
        try {
          child.send(order);
        } catch {
          // It has ended, which is noticed elsewhere.
        }
      },
      kill: () => child.kill("SIGKILL"),
    };
  };
}

interface WorkerExit {
  readonly code: number | null;
  readonly signal: number | string | null;
  readonly error: unknown;
}

function describeExit({ code, signal, error }: WorkerExit): string {
  if (signal !== null) return `signal ${signal}`;
  return error === undefined ? `exit code ${code}` : messageOf(error);
}
