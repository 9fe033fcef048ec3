// From the section validation of a configuration to what manifests may name.
import type { Configuration } from "../config/configuration.ts";
import type { ManifestRules } from "../registry/manifest-rules.ts";

/** The rules that are configured. */
export function rulesOf({ urls, platforms, platformList }: Configuration["validation"]): ManifestRules {
  const compile = (sources: readonly string[]) => sources.map((source) => new RegExp(source, "u"));
  return {
    urls: urls === "any" ? "any" : { allow: compile(urls.allow), deny: compile(urls.deny) },
    children: platforms === "list" ? platformList : platforms,
  };
}
