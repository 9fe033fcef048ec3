// Access control that a file of users in the data directory switches on, also while the server runs.
import type { Configuration } from "../../config/schema.ts";
import { type AccessDependencies, type OpenedAccess, openAccess } from "./open-access.ts";

/** Access control as it is now. */
export interface SwitchedAccess {
  /** Undefined: everybody may do everything. */
  readonly now: () => OpenedAccess | undefined;
  /** Takes over other rules. Where there was no access control and no configuration file, looks for users again. */
  reload(changed: Configuration): Promise<void>;
}

/** Opens it; throws a StartError. */
export async function openSwitchedAccess(
  configuration: Configuration,
  dependencies: AccessDependencies,
): Promise<SwitchedAccess> {
  const isDecidedOff = () => dependencies.decided !== undefined && dependencies.decided() === undefined;
  let access = isDecidedOff() ? undefined : await openAccess(configuration, dependencies);
  return {
    now: () => access,
    reload: async (changed) => {
      access?.reload(changed.access);
      if (access !== undefined || dependencies.hasFile || isDecidedOff()) return;
      access = await openAccess(configuration, dependencies);
      if (access !== undefined) dependencies.logger.info("there are users now, and everybody has to log in");
    },
  };
}
