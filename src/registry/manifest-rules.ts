// What a manifest may name without the registry having it: layers stored elsewhere, and children of an index.
import type { Descriptor, Platform } from "../oci/descriptor.ts";
import type { Manifest } from "../oci/manifest.ts";
import { isForeignLayer } from "../oci/media-type.ts";

/** Matches a URL. It is applied to whatever is pushed, and must not take long for any text. */
export interface UrlPattern {
  test(url: string): boolean;
}

/** The operator's choice, by distribution's keys below `validation.manifests`. */
export interface ManifestRules {
  /** Which `urls` foreign layers may have: any, or those that a pattern of `allow` and none of `deny` matches. */
  readonly urls: "any" | { readonly allow: readonly UrlPattern[]; readonly deny: readonly UrlPattern[] };
  /** Which children of an index must be there before it: all, none, or those of some platforms. */
  readonly children: "all" | "none" | readonly Platform[];
}

const ociLayerPrefix = "application/vnd.oci.image.layer.";

/** A sentence about the first layer with a URL that is not allowed; as in distribution, whether it is here or not. */
export function findForeignUrlProblem(manifest: Manifest, rules: ManifestRules): string | undefined {
  for (const layer of manifest.blobs) {
    if (!layer.mediaType.startsWith(ociLayerPrefix) && !isForeignLayer(layer.mediaType)) continue;
    const refused = layer.urls.find((url) => !isAllowed(url, rules.urls));
    if (refused !== undefined)
      return `the layer ${layer.digest} has a URL that is not allowed here: ${refused.slice(0, 200)}`;
  }
  return undefined;
}

function isAllowed(text: string, urls: ManifestRules["urls"]): boolean {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.hash !== "") return false;
  if (urls === "any") return true;
  const isMatched = (patterns: readonly UrlPattern[]) => patterns.some((pattern) => pattern.test(text));
  return isMatched(urls.allow) && !isMatched(urls.deny);
}

/** Whether an index is refused while this child is missing. */
export function isChildRequired({ platform }: Descriptor, { children }: ManifestRules): boolean {
  if (children === "all" || children === "none") return children === "all";
  return children.some((wanted) => wanted.architecture === platform?.architecture && wanted.os === platform.os);
}
