// Access control that a file of users in the data directory switches on, also while the server runs.
import type { Configuration } from "../../config/schema.ts";
import { type AccessSurroundings, type OpenedAccess, openAccess } from "./open-access.ts";

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
  surroundings: AccessSurroundings,
): Promise<SwitchedAccess> {
  const isDecidedOff = () => surroundings.decided !== undefined && surroundings.decided() === undefined;
  let access = isDecidedOff() ? undefined : await openAccess(configuration, surroundings);
  return {
    now: () => access,
    reload: async (changed) => {
      access?.reload(changed.access);
      if (access !== undefined || surroundings.hasFile || isDecidedOff()) return;
      access = await openAccess(configuration, surroundings);
      if (access !== undefined) surroundings.logger.info("there are users now, and everybody has to log in");
    },
  };
}
