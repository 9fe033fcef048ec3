// Carries out the plan of `plan.ts`.
import { chmodSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode, messageOf } from "../../lib/system-error.ts";
import { CommandError } from "../command.ts";
import type { TrustStep } from "./plan.ts";

/** Where and how steps are carried out. */
export interface ApplyOptions {
  /** The root of every path; "/" except in tests. */
  readonly root: string;
  /** Runs a program to its end; an error text if it failed. */
  readonly run: (command: readonly string[]) => Promise<string | undefined>;
  /** What to type to get permission. */
  readonly sudoCommand: string;
}

/** Carries out one step, unless it is already done. Throws a CommandError that says what is in the way. */
export async function applyStep(step: TrustStep, options: ApplyOptions): Promise<void> {
  switch (step.kind) {
    case "keep":
    case "refuse":
      return;
    case "run":
      return await runCommand(step.command, options);
    case "write":
      return withAdvice(step.path, options, (path) => writeWhole(path, step.text));
    case "delete":
      return withAdvice(step.path, options, (path) => rmSync(path, { force: true }));
    case "deleteEmptyDirectory":
      return withAdvice(step.path, options, removeIfEmpty);
  }
}

/** The text at a path below the root; undefined if there is none. */
export function readText(path: string, root: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw new CommandError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

/** Renamed into place, so that a client never reads half a file. */
function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  // Clients read *.crt and *.toml in this directory, and nothing that ends in .tmp.
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, text, { flag: "wx", mode: 0o644 });
  // Whatever the umask: clients run as other users too.
  chmodSync(temporary, 0o644);
  renameSync(temporary, path);
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOTEMPTY" && errorCode(error) !== "ENOENT") throw error;
  }
}

async function runCommand(command: readonly string[], { run }: ApplyOptions): Promise<void> {
  const problem = await run(command);
  if (problem !== undefined) throw new CommandError(`${command.join(" ")} failed: ${problem}`);
}

function withAdvice(path: string, { root, sudoCommand }: ApplyOptions, work: (path: string) => void): void {
  try {
    work(join(root, path));
  } catch (error) {
    const code = errorCode(error);
    if (code === "EACCES" || code === "EPERM") {
      throw new CommandError(`${path} may not be changed by this user; try: sudo ${sudoCommand}`);
    }
    throw new CommandError(`${path} cannot be changed: ${messageOf(error)}`);
  }
}
