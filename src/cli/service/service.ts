// registry service
import type { Command, CommandIo, ParsedWords } from "../command.ts";
import { CommandError } from "../command.ts";
import { servingFlags } from "../serving.ts";
import { install, printUnit } from "./install.ts";
import { type ServiceMachine, thisMachine } from "./machine.ts";
import { findHome, type ServiceHome } from "./places.ts";
import { parseServiceRequest } from "./request.ts";
import { uninstall } from "./uninstall.ts";

/** Makes this executable a service of the machine, or of a user. */
export const serviceCommand: Command = {
  name: "service",
  summary: "installs this executable as a service of systemd",
  operands: "install [config.yml] | uninstall",
  choices: ["install", "uninstall"],
  maxOperands: 2,
  description: `\`install\` writes /etc/systemd/system/registry.service, starts the service, and has it started with the machine. It runs as
the user registry, which is added if it is missing, with its data in /var/lib/registry and everything shut off that it does
not need. A configuration file and the flags of \`registry serve\` go into the unit; without any, an installed service keeps
what it has. Run it again to change them, or with a newer executable: it shows what changes, and restarts the service only
if something did.

  sudo registry service install
  sudo registry service install --addr :443 --san registry.example.org
  sudo registry service install /etc/registry/config.yml
  registry service install --user                # no root: for this user alone, in ~/.config/systemd/user
  registry service install --print               # the unit, and nothing else is done

An executable that lies below neither /usr nor /opt, such as a download in a home directory, which the service cannot see,
is copied to /usr/local/bin/registry (with --user: ~/.local/bin/registry). What somebody else has written, a unit or a
program, is replaced only with --force.

\`uninstall\` stops the service and takes the unit away. The data stays, and it says where.`,
  flags: [
    { name: "user", help: "for this user alone; the data is in ~/.local/share/registry" },
    { name: "print", help: "install: print the unit, change nothing" },
    { name: "force", help: "install: replace a unit or a program that somebody else has put there" },
    ...servingFlags,
  ],
  run: (words, io) => runService(words, io, thisMachine(io.env)),
};

/** The command's body, on a machine that is passed in. */
export async function runService(words: ParsedWords, io: CommandIo, machine: ServiceMachine): Promise<number> {
  const request = parseServiceRequest(words, machine.workingDirectory);
  const home = request.isUser ? requireHome(io, machine) : undefined;
  const options = { io, machine, home };
  if (request.verb === "uninstall") return await uninstall(request, options);
  return request.isPrint ? await printUnit(request, options) : await install(request, options);
}

function requireHome({ env }: CommandIo, { uid }: ServiceMachine): ServiceHome {
  if (uid === 0 && env.SUDO_USER) {
    throw new CommandError("with --user, the service is that of the user who types this: leave sudo out");
  }
  const home = findHome(env);
  if (home === undefined) throw new CommandError("HOME is not set, so the place of a user's services is not known");
  return home;
}
