// The challenge of a 401 answer: how a client has to identify itself (RFC 7617; distribution's token authentication).
import type { Need } from "./needs.ts";

/** How callers identify themselves. Docker's client takes only the first challenge of an answer, so there is one. */
export type LoginScheme =
  | { readonly kind: "basic"; readonly realm: string }
  | {
      readonly kind: "bearer";
      /** The URL of the token server, for a request at this origin. */
      readonly realm: (origin: string) => string;
      readonly service: string;
    };

/** Why a bearer token was not enough (RFC 6750, section 3.1). */
export type TokenProblem = "invalid_token" | "insufficient_scope";

/** The WWW-Authenticate header. */
export function formatChallenge(
  scheme: LoginScheme,
  { origin, need, problem }: { readonly origin: string; readonly need: Need; readonly problem?: TokenProblem },
): string {
  if (scheme.kind === "basic") return `Basic realm=${quote(scheme.realm)}, charset="UTF-8"`;
  const scope = formatScope(need);
  const parameters = [
    `realm=${quote(scheme.realm(origin))}`,
    `service=${quote(scheme.service)}`,
    ...(scope === undefined ? [] : [`scope=${quote(scope)}`]),
    ...(problem === undefined ? [] : [`error="${problem}"`]),
  ];
  return `Bearer ${parameters.join(",")}`;
}

/** Clients that push pull as well. */
function formatScope(need: Need): string | undefined {
  if (need.kind === "catalog" || need.kind === "everything") return "registry:catalog:*";
  if (need.kind !== "action") return undefined;
  return `repository:${need.repository}:${need.action === "push" ? "pull,push" : need.action}`;
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&").replaceAll(/[^\x20-\x7e]/g, "?")}"`;
}
