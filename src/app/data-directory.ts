// Where the data lies: what was configured, else the first usual place that can be written.
import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";

/** What is asked of the system to choose a directory. */
export interface DirectoryProbe {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Makes the directory if need be; whether it can then be written. */
  readonly canUse: (path: string) => boolean;
}

/** The usual place of registry:2 and registry:3. */
const systemDataDirectory = "/var/lib/registry";

/**
 * The configured directory; else the system's where it can be used, else the user's. Undefined: none can be used, and
 * somebody has to choose.
 */
export function chooseDataDirectory(configured: string | undefined, probe: DirectoryProbe): string | undefined {
  if (configured !== undefined) return configured;
  const { XDG_DATA_HOME: dataHome, HOME: home } = probe.env;
  const userData = dataHome || (home ? join(home, ".local/share") : undefined);
  const candidates = [systemDataDirectory, ...(userData === undefined ? [] : [join(userData, "registry")])];
  return candidates.find(probe.canUse);
}

/** Whether the directory is there, or could be made, and can be written. */
export function canUseDirectory(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
