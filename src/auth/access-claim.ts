// What a token grants, as in distribution: `"access": [{"type": "repository", "name": "team/app", "actions": ["pull"]}]`.

/** Actions on one resource. */
export interface ResourceActions {
  /** "repository", or "registry" for what is not about one. */
  readonly type: string;
  readonly name: string;
  /** "*" means all. */
  readonly actions: readonly string[];
}

/** Parses the claim. A malformed entry grants nothing. */
export function parseAccessClaim(claim: unknown): readonly ResourceActions[] {
  return Array.isArray(claim) ? claim.flatMap(readEntry) : [];
}

function readEntry(entry: unknown): readonly ResourceActions[] {
  const { type, name, actions } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof type !== "string" || typeof name !== "string" || !Array.isArray(actions)) return [];
  return [{ type, name, actions: actions.filter((action) => typeof action === "string") }];
}
