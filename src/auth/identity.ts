// Identities: who a request comes from, as its credentials have proved.
import type { ResourceActions } from "./access-claim.ts";
import type { ApiToken } from "./api-tokens.ts";
import type { Claims } from "./jwt.ts";

/** Whom a request comes from. */
export type Identity =
  | { readonly kind: "anonymous" }
  | { readonly kind: "user"; readonly name: string }
  | { readonly kind: "apiToken"; readonly token: ApiToken }
  | {
      readonly kind: "workload";
      readonly name: string;
      readonly groups: readonly string[];
      readonly claims: Claims;
    }
  /** The bearer of a token from the issuer of `auth.token`, which says itself what it grants. */
  | { readonly kind: "bearer"; readonly name: string };

/** An identity, and what its token restricts it to. */
export interface Caller {
  readonly identity: Identity;
  /** What the token grants; undefined without one. */
  readonly grant: readonly ResourceActions[] | undefined;
}

/** The caller without credentials. */
export const anonymousCaller: Caller = { identity: { kind: "anonymous" }, grant: undefined };

/** What callers without credentials are called; no user can have this name, so that it always means nobody. */
export const anonymousName = "anonymous";

/** The identity's name for logs, events and the audit log. */
export function formatIdentity(identity: Identity): string {
  switch (identity.kind) {
    case "anonymous":
      return anonymousName;
    case "apiToken":
      return `token:${identity.token.name}`;
    case "workload":
      return `oidc:${identity.name}`;
    case "bearer":
      return identity.name === "" ? anonymousName : identity.name;
    case "user":
      return identity.name;
  }
}
