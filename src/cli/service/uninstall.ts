// registry service uninstall
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CommandError, UsageError } from "../command.ts";
import type { InstallOptions } from "./install.ts";
import { mustRun, readMachineFile } from "./machine.ts";
import { unitPath } from "./places.ts";
import { parseServing, type ServiceRequest } from "./request.ts";
import { describeService } from "./service-facts.ts";
import { requireManager, systemctl } from "./systemctl.ts";
import { isOwnUnit, readCommand, serviceAccount } from "./unit.ts";

/** Stops the service and takes its unit away. Data, settings, the account and the executable stay. */
export async function uninstall(request: ServiceRequest, options: InstallOptions): Promise<number> {
  const { io, machine, home } = options;
  const path = unitPath(home);
  const present = readMachineFile(machine, path);
  if (present !== undefined && !isOwnUnit(present)) {
    throw new CommandError(`${path} was not written by registry service install, and stays`);
  }
  await requireManager(machine, request);
  const manage = (...words: readonly string[]) => mustRun(machine, [...systemctl(request), ...words]);
  if (present === undefined) {
    // An earlier run may have been interrupted here.
    await manage("daemon-reload");
    io.stdout(`there is no ${path}: nothing to take away\n`);
    return 0;
  }
  await manage("disable", "--now", "registry.service");
  rmSync(join(machine.root, path));
  await manage("daemon-reload");
  io.stdout(`stopped the service, and removed ${path}\n\nWhat stays:\n`);
  const rows = await listRemains(readCommand(present) ?? [], path, options);
  io.stdout(rows.map(([label, text]) => `  ${label.padEnd(labelColumns)}${text}\n`).join(""));
  return 0;
}

const labelColumns = 10;

type Remain = readonly [label: string, text: string];

async function listRemains(
  [executable = "", ...words]: readonly string[],
  path: string,
  options: InstallOptions,
): Promise<readonly Remain[]> {
  const { machine, home } = options;
  const settings = `${path}.d`;
  return [
    ["data", await findRemainingData(words, executable, options)],
    ...(existsSync(join(machine.root, settings)) ? [["settings", settings] as const] : []),
    ...(executable === "" ? [] : [["program", executable] as const]),
    ...(home === undefined ? [["user", serviceAccount] as const] : []),
  ];
}

async function findRemainingData(
  words: readonly string[],
  executable: string,
  { io, home }: InstallOptions,
): Promise<string> {
  const serving = parseServing(words);
  if (serving === undefined) return "where ExecStart= of the unit said";
  try {
    const { bucket, dataDirectory } = await describeService(serving, { executable, home, io, isLink: () => false });
    return bucket === undefined ? dataDirectory : `in the bucket ${bucket}`;
  } catch (error) {
    if (!(error instanceof CommandError) && !(error instanceof UsageError)) throw error;
    return `where ${serving.positionals.join() || "the flags of the service"} says`;
  }
}
