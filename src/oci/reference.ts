// References: what the last segment of a manifest URL names (OCI distribution-spec, "Pulling manifests").
//
//   reference ::= tag | digest
//   tag       ::= [a-zA-Z0-9_] [a-zA-Z0-9._-]{0,127}
import { type Digest, parseDigest } from "./digest.ts";

/** A well-formed tag. Made only by `parseTag`. */
export type Tag = string & { readonly brand: "Tag" };

/** A tag or a digest. A tag has no colon and a digest has one, so no text is both. */
export type Reference =
  | { readonly kind: "tag"; readonly tag: Tag }
  | { readonly kind: "digest"; readonly digest: Digest };

/** The tag that the text spells, or undefined. */
export function parseTag(text: string): Tag | undefined {
  return /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(text) ? (text as Tag) : undefined;
}

/** The reference that the text spells, or undefined. */
export function parseReference(text: string): Reference | undefined {
  if (text.includes(":")) {
    const digest = parseDigest(text);
    return digest === undefined ? undefined : { kind: "digest", digest };
  }
  const tag = parseTag(text);
  return tag === undefined ? undefined : { kind: "tag", tag };
}

/** The text of a reference, as in a URL. */
export function formatReference(reference: Reference): string {
  return reference.kind === "tag" ? reference.tag : reference.digest;
}
