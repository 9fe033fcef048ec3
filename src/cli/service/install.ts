// registry service install
import { join } from "node:path";
import { CommandError, type CommandIo } from "../command.ts";
import { type Account, addAccount, findAccount } from "./account.ts";
import { makeDirectory, prepareDirectory, requireDataApart, requireOwnDirectory } from "./directories.ts";
import { isMachineLink, readMachineFile, type ServiceMachine } from "./machine.ts";
import { isSameFile, placeProgram, placeText } from "./placed-files.ts";
import { chooseExecutable, type ServiceHome, unitPath } from "./places.ts";
import { formatChanges, formatInstalled, listIgnoredVariables } from "./report.ts";
import { isEmpty, parseServing, type ServiceRequest } from "./request.ts";
import { describeService, type ServiceFacts } from "./service-facts.ts";
import { startService } from "./start.ts";
import { readUnitState, requireManager } from "./systemctl.ts";
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
  const isLink = (path: string) => isMachineLink(machine, path);
  io.stdout(formatUnit(await describeService(serving, { executable, home, io, isLink })));
  return 0;
}

/** Installs the service, or brings an installed one to what is asked for. */
export async function install(request: ServiceRequest, options: InstallOptions): Promise<number> {
  const { io, machine, home } = options;
  const installation = await judgeInstallation(request, options);
  const { source, executable, isPlaced, present, facts } = installation;
  for (const warning of listIgnoredVariables(io.env, request)) io.stderr(`warning: ${warning}\n`);
  const done = (line: string) => io.stdout(`${line}\n`);
  await prepareDirectories(installation, { machine, done });
  if (!isPlaced) {
    await placeProgram(source, executable, machine);
    done(`copied this executable to ${executable}`);
  }
  const unit = formatUnit(facts);
  const isChanged = unit !== present;
  if (isChanged) {
    await placeText(unit, unitPath(home), machine);
    done(`${present === undefined ? "wrote" : "changed"} ${unitPath(home)}`);
    io.stdout(formatChanges(present, unit));
  }
  await startService(request, { command: facts.command, isChanged, machine, done, io });
  io.stdout(await formatInstalled(request, facts, machine));
  return 0;
}

/** An installation of which nothing is refused any more. */
interface ServiceInstallation {
  readonly source: string;
  /** Where the service starts it from, and whether it is there. */
  readonly executable: string;
  readonly isPlaced: boolean;
  /** The installed unit. */
  readonly present: string | undefined;
  readonly facts: ServiceFacts;
  /** Undefined: still to be added. */
  readonly account: Account | undefined;
}

/** Whatever is refused is refused here, before anything is changed. */
async function judgeInstallation(request: ServiceRequest, options: InstallOptions): Promise<ServiceInstallation> {
  const { io, machine, home } = options;
  await requireManager(machine, request);
  const source = requireExecutable(machine);
  const present = readMachineFile(machine, unitPath(home));
  await requireOwnUnit(present, request, options);
  const executable = chooseExecutable(source, home);
  const isLink = (path: string) => isMachineLink(machine, path);
  const facts = await describeService(chooseServing(request, present), { executable, home, io, isLink });
  const isSame = await isSameFile(source, join(machine.root, executable));
  if (!isSame) requireReplaceable(executable, present, { request, machine });
  // A link may lead to where the service sees nothing.
  const isPlaced = isSame && (executable === source || !isLink(executable));
  if (request.isUser) return { source, executable, isPlaced, present, facts, account: undefined };
  const account = await findAccount(machine);
  for (const directory of listDirectories(facts)) requireOwnDirectory(directory, account, machine);
  requireDataApart(facts, account, machine);
  return { source, executable, isPlaced, present, facts, account };
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

function listDirectories({ dataDirectory, otherDirectories }: ServiceFacts): readonly string[] {
  return [dataDirectory, ...otherDirectories];
}

async function prepareDirectories(
  { facts, account }: ServiceInstallation,
  { machine, done }: { readonly machine: ServiceMachine; readonly done: (line: string) => void },
): Promise<void> {
  if (facts.isUser) {
    for (const directory of listDirectories(facts)) makeDirectory(directory, machine);
    return;
  }
  const owner = account ?? (await addAccount(machine, facts.dataDirectory));
  if (account === undefined) done(`added the user ${serviceAccount}`);
  for (const directory of listDirectories(facts))
    if (prepareDirectory(directory, owner, machine)) done(`gave ${directory} to the user ${serviceAccount}`);
}
