// The account that a service of the machine runs as.
import { CommandError } from "../command.ts";
import type { ServiceMachine } from "./machine.ts";
import { serviceAccount } from "./unit.ts";

/** An account, by its numbers. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The account of the service; undefined if there is none yet. */
export async function findAccount(machine: ServiceMachine): Promise<Account | undefined> {
  const { code, stdout } = await machine.run(["getent", "passwd", serviceAccount]);
  const [, , uid = "", gid = ""] = stdout.trim().split(":");
  return code === 0 && /^\d+$/.test(uid) && /^\d+$/.test(gid) ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

/** The command that makes it: nobody can log in as it. */
function addAccountCommand(home: string): readonly string[] {
  const options = ["--system", "--user-group", "--no-create-home", "--home-dir", home, "--shell", "/usr/sbin/nologin"];
  return ["useradd", ...options, serviceAccount];
}

/** Makes the account, or finds the one that somebody else has made in the same moment. */
export async function addAccount(machine: ServiceMachine, home: string): Promise<Account> {
  const command = addAccountCommand(home);
  const { stderr } = await machine.run(command);
  const account = await findAccount(machine);
  if (account !== undefined) return account;
  throw new CommandError(`${command.join(" ")} failed: ${stderr.trim() || `there is no user ${serviceAccount}`}`);
}
