// registry service install
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { CommandError, type CommandIo } from "../command.ts";
import { type Account, addAccount, findAccount } from "./account.ts";
import { makeDirectory, prepareDirectory, requireOwnDirectory } from "./directories.ts";
import { readMachineFile, readProcess, type ServiceMachine } from "./machine.ts";
import { isSameFile, placeProgram, placeText } from "./placed-files.ts";
import { chooseExecutable, type ServiceHome, unitPath } from "./places.ts";
import { explainFailure, formatChanges, formatInstalled, listIgnoredVariables } from "./report.ts";
import { isEmpty, parseServing, type ServiceRequest } from "./request.ts";
import { describeService, type ServiceFacts } from "./service-facts.ts";
import { readUnitState, requireManager, systemctl } from "./systemctl.ts";
import { formatUnit, isOwnUnit, readCommand, serviceAccount } from "./unit.ts";

/** Where an installation happens. */
export interface InstallOptions {
  readonly io: CommandIo;
  readonly machine: ServiceMachine;
  /** Undefined for a service of the machine. */
  readonly home: ServiceHome | undefined;
}

/** Prints the unit, and does nothing. */
export async function printUnit({ serving }: ServiceRequest, { io, machine, home }: InstallOptions): Promise<number> {
  const executable = chooseExecutable(machine.executable, home);
  io.stdout(formatUnit(await describeService(serving, { executable, home, io })));
  return 0;
}

/** Installs the service, or brings an installed one to what is asked for. Whatever is refused is refused first. */
export async function install(request: ServiceRequest, options: InstallOptions): Promise<number> {
  const { io, machine, home } = options;
  const { isUser } = request;
  const path = unitPath(home);
  await requireManager(machine, request);
  const source = requireExecutable(machine);
  const present = readMachineFile(machine, path);
  await requireOwnUnit(present, request, options);
  const executable = chooseExecutable(source, home);
  const served = await describeService(chooseServing(request, present), { executable, home, io });
  const isPlaced = await isSameFile(source, join(machine.root, executable));
  if (!isPlaced) requireReplaceable(executable, present, { request, machine });
  const account = isUser ? undefined : await findAccount(machine);
  const directories = [served.dataDirectory, ...served.otherDirectories];
  if (!isUser) for (const directory of directories) requireOwnDirectory(directory, account, machine);

  for (const warning of listIgnoredVariables(io.env, request)) io.stderr(`warning: ${warning}\n`);
  const done = (line: string) => io.stdout(`${line}\n`);
  if (isUser) for (const directory of directories) makeDirectory(directory, machine);
  else await prepareAccount(directories, account, { machine, done });
  if (!isPlaced) {
    await placeProgram(source, executable, machine);
    done(`copied this executable to ${executable}`);
  }
  const unit = formatUnit(served);
  if (unit !== present) {
    await placeText(unit, path, machine);
    done(`${present === undefined ? "wrote" : "changed"} ${path}`);
    io.stdout(formatChanges(present, unit));
  }
  await start(request, { served, isChanged: unit !== present, machine, done, io });
  io.stdout(await formatInstalled(request, served, machine));
  return 0;
}

function requireExecutable({ executable }: ServiceMachine): string {
  if (executable !== undefined) return executable;
  throw new CommandError("this runs from its sources; build the executable with `npm run build`, and run that");
}

/** Without a word about what to serve, an installed service goes on serving what it serves. */
function chooseServing({ serving, isForced }: ServiceRequest, present: string | undefined): ServiceRequest["serving"] {
  if (!isEmpty(serving) || present === undefined) return serving;
  const installed = parseServing(readCommand(present)?.slice(1) ?? []);
  if (installed !== undefined || isForced) return installed ?? serving;
  throw new CommandError(
    "ExecStart= of the installed unit was changed by hand; say what to serve, such as --data DIR, or --force writes it anew",
  );
}

async function requireOwnUnit(
  present: string | undefined,
  request: ServiceRequest,
  { machine, home }: InstallOptions,
): Promise<void> {
  if (request.isForced) return;
  const path = unitPath(home);
  if (present !== undefined && !isOwnUnit(present)) {
    throw new CommandError(
      `${path} was not written by registry service install; look at it, then move it away, or replace it with --force`,
    );
  }
  const other = (await readUnitState(machine, request)).path;
  if (present !== undefined || other === "" || other === path) return;
  throw new CommandError(
    `a package has installed ${other}: start that with systemctl enable --now registry, or put another unit over it with --force`,
  );
}

/** The program there is the one that the installed unit starts, or somebody else's. */
function requireReplaceable(
  executable: string,
  present: string | undefined,
  { request, machine }: { readonly request: ServiceRequest; readonly machine: ServiceMachine },
): void {
  if (request.isForced || !(Bun.file(join(machine.root, executable)).size > 0)) return;
  if (present !== undefined && isOwnUnit(present) && readCommand(present)?.[0] === executable) return;
  throw new CommandError(
    `there is another ${executable}: run \`${executable} service install\` to use that one, or replace it with --force`,
  );
}

async function prepareAccount(
  directories: readonly string[],
  account: Account | undefined,
  { machine, done }: { readonly machine: ServiceMachine; readonly done: (line: string) => void },
): Promise<void> {
  const [data = "/"] = directories;
  const owner = account ?? (await addAccount(machine, data));
  if (account === undefined) done(`added the user ${serviceAccount}`);
  for (const directory of directories)
    if (prepareDirectory(directory, owner, machine)) done(`gave ${directory} to the user ${serviceAccount}`);
}

interface Start {
  readonly served: ServiceFacts;
  readonly isChanged: boolean;
  readonly machine: ServiceMachine;
  readonly done: (line: string) => void;
  readonly io: CommandIo;
}

async function start(request: ServiceRequest, { served, isChanged, machine, done, io }: Start): Promise<void> {
  const manage = async (...words: readonly string[]) => machine.run([...systemctl(request), ...words]);
  const must = async (...words: readonly string[]) => {
    const { code, stderr } = await manage(...words);
    if (code !== 0) throw new CommandError(`systemctl ${words.join(" ")} failed: ${stderr.trim()}`);
  };
  await must("daemon-reload");
  await must("enable", "registry.service");
  const { pid } = await readUnitState(machine, request);
  const isCurrent = pid !== undefined && !isChanged && runs(served.command, pid, machine);
  if (isCurrent) return done("the service runs already, and nothing has changed for it");
  const verb = pid === undefined ? "start" : "restart";
  const sinceMs = io.now();
  const { code, stderr } = await manage(verb, "registry.service");
  if (code !== 0) throw new CommandError(await explainFailure(stderr, { request, machine, io, sinceMs }));
  done(`${verb}ed the service`);
}

/** Whether that is what the process runs: an earlier installation may have been interrupted, or its program replaced. */
function runs(command: readonly string[], pid: string, machine: ServiceMachine): boolean {
  const [program = "", ...words] = command;
  const [running, ...given] = readProcess(machine, pid) ?? [];
  return running === realpathSync(join(machine.root, program)) && JSON.stringify(given) === JSON.stringify(words);
}
