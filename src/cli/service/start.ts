// Starts an installed service, or starts it again if something has changed for it.
import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { CommandError, type CommandIo } from "../command.ts";
import { readProcess, readStartMs, type ServiceMachine } from "./machine.ts";
import { explainFailure } from "./report.ts";
import { parseServing, type ServiceRequest } from "./request.ts";
import { readUnitState, systemctl, type UnitState } from "./systemctl.ts";

/** How a service is started. */
export interface StartOptions {
  /** What the unit starts. */
  readonly command: readonly string[];
  /** Whether the unit was changed. */
  readonly isChanged: boolean;
  readonly machine: ServiceMachine;
  readonly io: CommandIo;
  /** Told what was done. */
  readonly done: (line: string) => void;
}

/** Starts the service, now and with the machine. Throws a CommandError if it does not start. */
export async function startService(request: ServiceRequest, options: StartOptions): Promise<void> {
  const { isChanged, machine, io, done } = options;
  const manage = async (...words: readonly string[]) => machine.run([...systemctl(request), ...words]);
  const must = async (...words: readonly string[]) => {
    const { code, stderr } = await manage(...words);
    if (code !== 0) throw new CommandError(`systemctl ${words.join(" ")} failed: ${stderr.trim()}`);
  };
  await must("daemon-reload");
  await must("enable", "registry.service");
  const state = await readUnitState(machine, request);
  if (!isChanged && isCurrent(state, options)) return done("the service runs already, and nothing has changed for it");
  const verb = state.pid === undefined ? "start" : "restart";
  const sinceMs = io.now();
  const { code, stderr } = await manage(verb, "registry.service");
  if (code !== 0) throw new CommandError(await explainFailure(stderr, { request, machine, io, sinceMs }));
  done(`${verb}ed the service`);
}

/**
 * Whether what runs is what is installed: an earlier installation may have been interrupted, or the executable replaced.
 * Settings beside the unit may have it start something else.
 */
function isCurrent(
  { pid, hasDropIns }: UnitState,
  { command: [program = "", ...words], machine }: StartOptions,
): boolean {
  const [running, ...given] = (pid === undefined ? undefined : readProcess(machine, pid)) ?? [];
  if (pid === undefined || running === undefined || running.endsWith(" (deleted)")) return false;
  if (hasNewerFile(words, pid, machine)) return false;
  if (hasDropIns) return true;
  return running === realpathSync(join(machine.root, program)) && JSON.stringify(given) === JSON.stringify(words);
}

/** Start times are known to the second. */
const startPrecisionMs = 1000;

/** Whether the file that is served was changed since the start, which read it: not everything in it is read again. */
function hasNewerFile(words: readonly string[], pid: string, machine: ServiceMachine): boolean {
  const file = parseServing(words)?.positionals[0];
  const startMs = readStartMs(machine, pid);
  if (file === undefined || startMs === undefined) return false;
  const stat = statSync(join(machine.root, file), { throwIfNoEntry: false });
  return stat !== undefined && stat.ctimeMs > startMs + startPrecisionMs;
}
