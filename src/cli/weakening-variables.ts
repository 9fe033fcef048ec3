// Variables that make the runtime weaken TLS or write down credentials: they come from a shell in which somebody looked
// for a fault, and would go unnoticed. Those that run other code do nothing to the executable; see src/README.md.

const weakening: Readonly<Record<string, string>> = {
  NODE_TLS_REJECT_UNAUTHORIZED: "would let anybody impersonate another registry",
  BUN_CONFIG_VERBOSE_FETCH: "would print the headers of every request, including credentials",
};

/**
 * Empties them, and says so: a sentence for each that did something. Emptied, not removed: the runtime hears only of the
 * former.
 */
export function ignoreWeakeningVariables(env: Record<string, string | undefined>): readonly string[] {
  return Object.entries(weakening).flatMap(([name, effect]) => {
    const value = env[name];
    if (value === undefined || value === "") return [];
    env[name] = "";
    return [`${name} is ignored: it ${effect}`];
  });
}
