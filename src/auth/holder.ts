// The holder of one of our own tokens, as a claim in it: enough to identify the holder again, and to see whether the
// credential that the token was issued for is still valid.
import type { Identity } from "./identity.ts";
import type { Claims } from "./jwt.ts";

/** The holder of a token. */
export type Holder =
  | { readonly kind: "anonymous" }
  /** `credential` changes with the password. */
  | { readonly kind: "user"; readonly name: string; readonly credential: string }
  /** `id` is the hash of the secret. */
  | { readonly kind: "apiToken"; readonly id: string }
  | Extract<Identity, { kind: "workload" }>;

/** Parses the claim of a verified token; undefined if it is malformed. */
export function readHolder(claim: unknown): Holder | undefined {
  const { kind, name, credential, id, groups, claims } = (claim ?? {}) as Readonly<Record<string, unknown>>;
  if (kind === "anonymous") return { kind };
  if (kind === "user" && typeof name === "string" && typeof credential === "string") return { kind, name, credential };
  if (kind === "apiToken" && typeof id === "string") return { kind, id };
  if (kind !== "workload" || typeof name !== "string") return undefined;
  if (!Array.isArray(groups) || typeof claims !== "object" || claims === null) return undefined;
  return { kind, name, groups: groups.filter((group) => typeof group === "string"), claims: claims as Claims };
}
