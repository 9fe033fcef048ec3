// The service manager: the machine's, or a user's.
import { CommandError } from "../command.ts";
import { isBooted, mustRun, type ServiceMachine } from "./machine.ts";

/** Whose manager it is. */
export interface ManagerOptions {
  readonly isUser: boolean;
}

/** What the manager knows of the unit. */
export interface UnitState {
  /** The file that it has read; empty: none. */
  readonly path: string;
  /** The first process; undefined: none runs. */
  readonly pid: string | undefined;
  /** Whether settings of somebody's own lie beside the unit: what runs need not be what it says. */
  readonly hasDropIns: boolean;
}

/** Throws a CommandError that says what to do if there is no manager to talk to, or it takes nothing from this user. */
export async function requireManager(machine: ServiceMachine, { isUser }: ManagerOptions): Promise<void> {
  if (!isBooted(machine)) {
    throw new CommandError(
      "systemd does not run this machine: let what starts services here start `registry serve` (in a container, as its command); --print shows the unit for another machine",
    );
  }
  if (!isUser && machine.uid !== 0) {
    throw new CommandError(
      "a service of the machine needs root: put sudo before the command, or add --user for a service of this user alone",
    );
  }
  if (!isUser) return;
  const { code, stderr } = await machine.run([...systemctl({ isUser }), "show", "--property=Version"]);
  if (code === 0) return;
  throw new CommandError(
    `the service manager of this user does not answer (${stderr.trim()}): log in as the user itself, not by su or sudo; or \`sudo loginctl enable-linger $(id -un)\` starts it`,
  );
}

/** The beginning of a command to the manager. */
export function systemctl({ isUser }: ManagerOptions): readonly string[] {
  return ["systemctl", ...(isUser ? ["--user"] : [])];
}

/** Asks for the state of the unit. */
export async function readUnitState(machine: ServiceMachine, options: ManagerOptions): Promise<UnitState> {
  const properties = "--property=FragmentPath,MainPID,DropInPaths";
  const text = await mustRun(machine, [...systemctl(options), "show", "registry.service", properties]);
  const read = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
  const pid = read("MainPID");
  const hasDropIns = read("DropInPaths") !== "";
  return { path: read("FragmentPath"), pid: pid === "" || pid === "0" ? undefined : pid, hasDropIns };
}

/** What the service has logged since a moment, and what the manager has said of it. */
export async function readLog(
  machine: ServiceMachine,
  { isUser, sinceMs }: ManagerOptions & { readonly sinceMs: number },
): Promise<string> {
  const which = isUser ? "--user-unit=registry" : "--unit=registry";
  const since = `--since=@${Math.floor(sinceMs / 1000)}`;
  return (await machine.run(["journalctl", which, since, "--no-pager", "--output=cat", "--lines=20"])).stdout;
}
