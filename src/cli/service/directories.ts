// The directories that a service writes to: each is there and belongs to its account before it starts.
import { constants, existsSync, fchmodSync, fchownSync, fstatSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../../lib/system-error.ts";
import { openOwned } from "../../storage/descriptors.ts";
import { CommandError } from "../command.ts";
import type { Account } from "./account.ts";
import type { ServiceMachine } from "./machine.ts";
import { requireTrustedWay } from "./trusted-way.ts";
import { serviceAccount, type UnitFacts } from "./unit.ts";

const mode = 0o750;

/** In every directory with a registry's data, one of these at least. */
const storeMarks = ["locks", "docker/registry/v2"];

/** Throws a CommandError if the service could not use the directory: somebody else's things lie in it. */
export function requireOwnDirectory(path: string, account: Account | undefined, { root }: ServiceMachine): void {
  const directory = join(root, path);
  if (isEmptyDirectory(directory, path)) {
    if (statSync(directory, { throwIfNoEntry: false })?.uid !== account?.uid) requireTrustedWay(path, root);
    return;
  }
  const marks = storeMarks.filter((name) => existsSync(join(directory, name)));
  const strangers = ["", ...marks].filter((name) => statSync(join(directory, name)).uid !== account?.uid);
  if (strangers.length === 0) return;
  const add = account === undefined ? `sudo useradd --system --user-group ${serviceAccount} && ` : "";
  const advice =
    marks.length === 0
      ? "name a directory of its own, which will be made"
      : `stop what serves it, type \`${add}sudo chown -R ${serviceAccount}: '${path}'\`, and try again`;
  throw new CommandError(
    `${path} holds ${marks.length === 0 ? "other things" : "data"} of another user, and the service runs as ${serviceAccount}: ${advice}`,
  );
}

/** Throws a CommandError if the data would lie below another new directory of the service: what holds data is not given away. */
export function requireDataApart(
  { dataDirectory, otherDirectories }: Pick<UnitFacts, "dataDirectory" | "otherDirectories">,
  account: Account | undefined,
  { root }: ServiceMachine,
): void {
  for (const other of otherDirectories) {
    if (!dataDirectory.startsWith(`${other}/`)) continue;
    if (account !== undefined && statSync(join(root, other), { throwIfNoEntry: false })?.uid === account.uid) continue;
    throw new CommandError(
      `the data directory ${dataDirectory} lies below ${other}, which the service writes to as well; choose a directory of its own for that, or one below the data directory`,
    );
  }
}

function isEmptyDirectory(directory: string, path = directory): boolean {
  try {
    return readdirSync(directory).every((name) => name === "lost+found");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return true;
    if (errorCode(error) === "ENOTDIR") throw new CommandError(`${path} is no directory; name another one`);
    throw error;
  }
}

/** Makes the directory, or takes an empty one over; true if that changed something. */
export function prepareDirectory(path: string, account: Account, { root }: ServiceMachine): boolean {
  const directory = join(root, path);
  makeDirectory(path, { root });
  // By its descriptor: nobody can put something else in its place in between.
  using owner = new DisposableStack();
  const descriptor = openOwned(owner, directory, constants.O_RDONLY | constants.O_DIRECTORY);
  if (fstatSync(descriptor).uid === account.uid) return false;
  if (!isEmptyDirectory(`/proc/self/fd/${descriptor}`))
    throw new CommandError(`${path} was changed meanwhile; try again`);
  requireTrustedWay(path, root);
  fchmodSync(descriptor, mode);
  fchownSync(descriptor, account.uid, account.gid);
  return true;
}

/** Makes the directory where there is none; only its own account may look into it. */
export function makeDirectory(path: string, { root }: Pick<ServiceMachine, "root">): void {
  const directory = join(root, path);
  mkdirSync(dirname(directory), { recursive: true, mode: 0o755 });
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}
