// The operands of a copy. Pure.
//
//   from ::= reference, in which repository and tag may be globs           to ::= reference without a digest
//
// Without a tag it is "latest", or all tags if the repository is a glob; an archive has its only image.
import type { Digest } from "../oci/digest.ts";
import {
  type ArchiveReference,
  type ImageReference,
  isGlob,
  type Parsed,
  parseImagePattern,
  parseImageReference,
} from "./reference.ts";

/** Where copies begin. */
export type CopyOrigin =
  | {
      readonly kind: "repositories";
      /** Undefined: the store. */
      readonly host: string | undefined;
      /** A name or a glob. */
      readonly names: string;
      readonly tags: string;
      readonly digest: Digest | undefined;
    }
  | { readonly kind: "archive"; readonly archive: ArchiveReference };

/** Parses what is copied. */
export function parseCopyOrigin(text: string): Parsed<CopyOrigin> {
  const reference = parseImageReference(text);
  if ("value" in reference && "path" in reference.value) {
    return { value: { kind: "archive", archive: reference.value } };
  }
  const parsed = parseImagePattern(text);
  if ("problem" in parsed) return parsed;
  const { host, names, tags, digest } = parsed.value;
  if (names === undefined)
    return { problem: `${JSON.stringify(text)} names no repository; for all of them write "**"` };
  if (digest !== undefined && isGlob(names)) return { problem: `${JSON.stringify(names)} is not one repository` };
  return { value: { kind: "repositories", host, names, tags: tags ?? (isGlob(names) ? "*" : "latest"), digest } };
}

/** Parses where it goes. */
export function parseCopyTarget(text: string): Parsed<ImageReference> {
  const parsed = parseImageReference(text);
  if ("problem" in parsed) return parsed;
  const { value } = parsed;
  const isDigest = "path" in value ? value.digest !== undefined : value.reference?.kind === "digest";
  return isDigest
    ? { problem: `${JSON.stringify(text)}: a copy has the digest that it has; name a tag, or none` }
    : parsed;
}

/** Whether more than one image may be meant. */
export function meansSeveral(origin: CopyOrigin): boolean {
  if (origin.kind === "archive") return isGlob(origin.archive.tag ?? "");
  return isGlob(origin.names) || (origin.digest === undefined && isGlob(origin.tags));
}
