// Where the parts of a service lie, and which places it cannot reach. Pure.
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { CommandIo } from "../command.ts";
import { isPlainWord } from "./unit-words.ts";

/** The home of a user who installs a service for themselves. */
export interface ServiceHome {
  readonly directory: string;
  readonly configHome: string;
  readonly dataHome: string;
}

/** The home that the environment names; relative paths in it mean nothing. */
export function findHome({ HOME, XDG_CONFIG_HOME, XDG_DATA_HOME }: CommandIo["env"]): ServiceHome | undefined {
  if (HOME === undefined || !isAbsolute(HOME)) return undefined;
  const whole = (path: string | undefined, usual: string) =>
    path !== undefined && isAbsolute(path) ? resolve(path) : join(HOME, usual);
  return {
    directory: resolve(HOME),
    configHome: whole(XDG_CONFIG_HOME, ".config"),
    dataHome: whole(XDG_DATA_HOME, ".local/share"),
  };
}

/** Where the unit lies: for one user, or for the machine. */
export function unitPath(home: ServiceHome | undefined): string {
  return home === undefined
    ? "/etc/systemd/system/registry.service"
    : join(home.configHome, "systemd/user/registry.service");
}

/** Where packages and administrators put programs. */
const programPlaces = ["/usr/", "/opt/", "/bin/", "/sbin/", "/nix/", "/gnu/"];

/**
 * Which executable the service starts: the one that asks, if it lies where programs lie; else a copy there, which
 * outlives downloads and builds, and which a service can reach that sees no home.
 */
export function chooseExecutable(path: string | undefined, home: ServiceHome | undefined): string {
  const binaries = home === undefined ? "/usr/local/bin" : join(home.directory, ".local/bin");
  const own = home === undefined ? [] : [binaries, join(home.directory, "bin")];
  const isInPlace =
    path !== undefined &&
    isPlainWord(path) &&
    (programPlaces.some((place) => path.startsWith(place)) || own.includes(dirname(path)));
  return isInPlace ? path : join(binaries, "registry");
}

const hidden = [
  { below: ["/home", "/root", "/run/user"], why: "it sees no home directories" },
  { below: ["/tmp", "/var/tmp"], why: "it has a /tmp of its own" },
  { below: ["/dev", "/proc", "/sys"], why: "it sees little of what the kernel shows there" },
];

/** Why a service of the machine cannot reach a path; undefined if it can. */
export function explainHidden(path: string): string | undefined {
  return hidden.find(({ below }) => below.some((place) => `${path}/`.startsWith(`${place}/`)))?.why;
}
