// Digests: the content addresses of blobs and manifests (OCI image-spec, descriptor.md#digests).
//
//   digest ::= algorithm ":" hex      sha256 has 64 hexadecimal digits in lower case, sha512 has 128

/** A digest of a supported algorithm, well-formed. Made only by `parseDigest` and `formatDigest`. */
export type Digest = string & { readonly brand: "Digest" };

/** The hash algorithms that content can be stored under. */
export type Algorithm = "sha256" | "sha512";

/** The supported algorithms; the first is the one used if a client names none. */
export const algorithms: readonly Algorithm[] = ["sha256", "sha512"];

const hexLength: Record<Algorithm, number> = { sha256: 64, sha512: 128 };

/** The algorithm of this name, or undefined if it is not supported. */
export function parseAlgorithm(text: string): Algorithm | undefined {
  return algorithms.find((algorithm) => algorithm === text);
}

/** The digest that the text spells, or undefined: unknown algorithm, wrong length, or upper case. */
export function parseDigest(text: string): Digest | undefined {
  const colon = text.indexOf(":");
  const algorithm = parseAlgorithm(text.slice(0, Math.max(colon, 0)));
  if (algorithm === undefined || text.length !== colon + 1 + hexLength[algorithm]) return undefined;
  return /^[0-9a-f]+$/.test(text.slice(colon + 1)) ? (text as Digest) : undefined;
}

/** The digest with this algorithm and hash; throws on a hash that cannot be one, which is a bug of the caller. */
export function formatDigest(algorithm: Algorithm, hex: string): Digest {
  const digest = parseDigest(`${algorithm}:${hex}`);
  if (digest === undefined) throw new TypeError(`not a ${algorithm} hash: ${hex}`);
  return digest;
}

/** The part before the colon. */
export function digestAlgorithm(digest: Digest): Algorithm {
  return digest.startsWith("sha512:") ? "sha512" : "sha256";
}

/** The part after the colon. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}
