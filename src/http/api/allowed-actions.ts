// What a caller may do to a repository, as everything that is asked about it decides: the policy, the operator's switches,
// and whether another registry fills it.
import type { Action } from "../../auth/policy.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Exchange } from "../exchange.ts";

/** The actions that would not be refused. */
export function allowedActions({ rights, switches, api }: Exchange, name: RepositoryName): readonly Action[] {
  const isFixed = api.isCached(name) || switches.isReadOnly;
  return rights.actionsOn(name).filter((action) => {
    if (action === "pull") return true;
    return !isFixed && (action === "push" || switches.isDeleteEnabled);
  });
}
