// What every route is made of: the name and the digest in a path, or a refusal.
import { type Digest, parseDigest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/name.ts";

/** The repository name of these segments; refuses others. */
export function requireName(segments: readonly string[]): RepositoryName {
  const text = segments.join("/");
  const name = parseRepositoryName(text);
  if (name === undefined) throw new RegistryError("NAME_INVALID", { detail: { name: text.slice(0, 300) } });
  return name;
}

/** The digest; refuses what is none. */
export function requireDigest(text: string): Digest {
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  throw new RegistryError("DIGEST_INVALID", {
    message: "invalid or unsupported digest",
    detail: { digest: text.slice(0, 200) },
  });
}
