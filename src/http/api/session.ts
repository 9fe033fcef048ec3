// GET session: who asks, and what they may do.
import { formatIdentity } from "../../auth/identity.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Exchange } from "../exchange.ts";
import { whyNotDeletable } from "../switches.ts";
import { allowedActions } from "./allowed-actions.ts";
import { answerJson } from "./answers.ts";

/** Who the caller is; how to log in; and what may be done to a repository, if one is asked about. */
export function getSession(
  exchange: Exchange,
  { repository: name }: { readonly repository: RepositoryName | undefined },
): Response {
  const { identity, login, seesEverything } = exchange.rights;
  const reason = whyNotDeletable(exchange.switches);
  return answerJson({
    user: identity.kind === "anonymous" ? null : formatIdentity(identity),
    kind: identity.kind,
    seesEverything,
    login: login === undefined ? null : describe(login),
    deletion: { isPossible: reason === undefined, reason: reason ?? null },
    ...(name === undefined ? {} : { repository: { name, actions: allowedActions(exchange, name) } }),
  });
}

function describe({
  kind: scheme,
  ...rest
}: NonNullable<Exchange["rights"]["login"]>): Readonly<Record<string, string>> {
  return { scheme, ...rest };
}
