// Where the data is: the configured directory, else the first usual place that can be written.
import { accessSync, constants, readlinkSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../../lib/system-error.ts";

/** What choosing a directory needs from the system. */
export interface DirectoryProbe {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the directory can be written, or created. */
  readonly canUse: (path: string) => boolean;
}

/** The default of registry:2 and registry:3. */
const systemDataDirectory = "/var/lib/registry";

/**
 * The configured directory; else the system's if it can be used, else the user's. Undefined: none can be used, and
 * the user has to choose.
 */
export function chooseDataDirectory(configured: string | undefined, probe: DirectoryProbe): string | undefined {
  if (configured !== undefined) return configured;
  const { XDG_DATA_HOME: dataHome, HOME: home } = probe.env;
  const userData = dataHome || (home ? join(home, ".local/share") : undefined);
  const candidates = [systemDataDirectory, ...(userData === undefined ? [] : [join(userData, "registry")])];
  return candidates.find(probe.canUse);
}

/**
 * Whether the directory can be written, or created. Creates nothing: `serve` and the commands that only read must come
 * to the same answer.
 */
export function canUseDirectory(path: string): boolean {
  try {
    if (!statSync(path).isDirectory()) return false;
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    return errorCode(error) === "ENOENT" && dirname(path) !== path && canUseDirectory(dirname(path));
  }
}

/** Whether the working directory was removed: the runtime then takes another one for it. Only Linux tells. */
export function isWorkingDirectoryGone(): boolean {
  try {
    return readlinkSync("/proc/self/cwd").endsWith(" (deleted)");
  } catch {
    return false;
  }
}
