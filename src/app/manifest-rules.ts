// From the configuration's `validation` section to what manifests may name.
import type { Configuration } from "../config/configuration.ts";
import { type Pattern, parsePattern } from "../config/pattern.ts";
import type { ManifestRules } from "../registry/manifest-rules.ts";

/** The rules that are configured. */
export function rulesOf({ urls, platforms, platformList }: Configuration["validation"]): ManifestRules {
  return {
    urls: urls === "any" ? "any" : { allow: compile(urls.allow), deny: compile(urls.deny) },
    children: platforms === "list" ? platformList : platforms,
  };
}

function compile(texts: readonly string[]): readonly Pattern[] {
  return texts.map((text) => {
    const parsed = parsePattern(text);
    if ("pattern" in parsed) return parsed.pattern;
    throw new TypeError(`no pattern: ${text}`);
  });
}
