// From the configuration's `validation` section to what manifests may name.
import { type Pattern, parsePattern } from "../../config/pattern.ts";
import type { Configuration } from "../../config/schema.ts";
import type { ManifestRules } from "../../registry/manifest-rules.ts";

/** The rules that are configured. */
export function rulesOf({ enabled, disabled, manifests }: Configuration["validation"]): ManifestRules {
  if (disabled && !enabled) return { urls: "any", children: "none" };
  const { platforms, platformlist } = manifests.indexes;
  return { urls: urlRules(manifests.urls), children: platforms === "list" ? platformlist : platforms };
}

/** Without a word about what is allowed, everything is that is not denied. */
function urlRules({ allow, deny }: Configuration["validation"]["manifests"]["urls"]): ManifestRules["urls"] {
  const isAnyAllowed = allow.includes(".*") || (allow.length === 0 && deny.length > 0);
  if (isAnyAllowed && deny.length === 0) return "any";
  return { allow: compile(isAnyAllowed ? [".*"] : allow), deny: compile(deny) };
}

function compile(texts: readonly string[]): readonly Pattern[] {
  return texts.map((text) => {
    const parsed = parsePattern(text);
    if ("pattern" in parsed) return parsed.pattern;
    throw new TypeError(`no pattern: ${text}`);
  });
}
