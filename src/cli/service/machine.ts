// The machine on which a service is installed: its files, its programs, and who asks.
import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode, messageOf } from "../../lib/system-error.ts";
import { CommandError } from "../command.ts";

/** What a program did. */
export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What installing needs from the system. */
export interface ServiceMachine {
  /** The root of every path; "/" except in tests. */
  readonly root: string;
  readonly uid: number;
  readonly hostName: string;
  readonly workingDirectory: string;
  /** The one file that this program is; undefined if it runs from its sources. */
  readonly executable: string | undefined;
  /** Runs a program to its end. */
  readonly run: (command: readonly string[]) => Promise<ProgramResult>;
}

/** The machine that this process runs on. */
export function thisMachine(env: Readonly<Record<string, string | undefined>>): ServiceMachine {
  const uid = process.getuid?.() ?? 0;
  return {
    root: "/",
    uid,
    hostName: hostname(),
    workingDirectory: process.cwd(),
    executable: Bun.main.startsWith("/$bunfs/") ? process.execPath : undefined,
    run: (command) => runProgram(command, withRuntimeDirectory(env, uid)),
  };
}

/** After `su`, nothing names the place where the user's service manager listens. */
function withRuntimeDirectory(env: Readonly<Record<string, string | undefined>>, uid: number) {
  const usual = `/run/user/${uid}`;
  const runtime = env.XDG_RUNTIME_DIR || (existsSync(usual) ? usual : undefined);
  return { ...env, ...(runtime === undefined ? {} : { XDG_RUNTIME_DIR: runtime }), LC_ALL: "C", SYSTEMD_PAGER: "" };
}

async function runProgram(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<ProgramResult> {
  try {
    const child = Bun.spawn([...command], { env: { ...env }, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { code, stdout, stderr };
  } catch (error) {
    return { code: -1, stdout: "", stderr: messageOf(error) };
  }
}

/** Runs a program that has to succeed. */
export async function mustRun(machine: ServiceMachine, command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await machine.run(command);
  if (code !== 0) throw new CommandError(`${command.join(" ")} failed: ${stderr.trim() || `exit code ${code}`}`);
  return stdout;
}

/** The text of a file; undefined if there is none. */
export function readMachineFile({ root }: ServiceMachine, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Whether there is a symbolic link. */
export function isMachineLink({ root }: ServiceMachine, path: string): boolean {
  return lstatSync(join(root, path), { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** What a process runs: its executable and its arguments; undefined if there is no such process. */
export function readProcess({ root }: ServiceMachine, pid: string): readonly string[] | undefined {
  const place = join(root, "proc", pid);
  try {
    const words = readFileSync(join(place, "cmdline"), "utf8").split("\0").slice(1, -1);
    return [readlinkSync(join(place, "exe")), ...words];
  } catch {
    return undefined;
  }
}

/** The clock of /proc, on every machine. */
const ticksPerSecond = 100;
/** Of the fields behind the name of a process, in proc_pid_stat(5). */
const startField = 19;

/** When a process was started, in milliseconds since 1970; undefined if there is no such process. */
export function readStartMs(machine: ServiceMachine, pid: string): number | undefined {
  const bootSeconds = Number(/^btime (\d+)$/m.exec(readMachineFile(machine, "/proc/stat") ?? "")?.[1]);
  const stat = readMachineFile(machine, `/proc/${pid}/stat`) ?? "";
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[startField]);
  const startMs = (bootSeconds + ticks / ticksPerSecond) * 1000;
  return Number.isFinite(startMs) ? startMs : undefined;
}

/** Whether systemd runs this machine: sd_booted(3). */
export function isBooted({ root }: ServiceMachine): boolean {
  return existsSync(join(root, "run/systemd/system"));
}
