// The keys whose signatures are trusted: from a JWKS and from a bundle of certificates, as in distribution.
import { createHash, createPublicKey, type JsonWebKeyInput, type KeyObject, X509Certificate } from "node:crypto";
import type { Claims, VerificationKey } from "./jwt.ts";

/** Finds the key that the header of a token names. */
export interface TrustedKeys {
  find(header: Claims, nowMs: number): VerificationKey | undefined;
}

/** The contents of the files. */
export interface TrustedKeySources {
  readonly jwks?: string | undefined;
  /** Certificates in PEM. */
  readonly rootCertBundle?: string | undefined;
}

/** Reads the keys; throws a SyntaxError if a text is malformed, or there is no key. */
export function readTrustedKeys({ jwks, rootCertBundle }: TrustedKeySources): TrustedKeys {
  const roots = rootCertBundle === undefined ? [] : parseCertificates(rootCertBundle);
  const byKid = new Map<string, VerificationKey>();
  for (const { publicKey: key } of roots) {
    for (const kid of [libtrustKeyId(key), thumbprint(key)]) byKid.set(kid, { key, algorithm: undefined });
  }
  for (const [kid, key] of jwks === undefined ? [] : parseJwks(jwks)) byKid.set(kid, key);
  if (byKid.size === 0) throw new SyntaxError("it has no key that could verify a token");
  return {
    find: (header, nowMs) => {
      if (header.x5c !== undefined) return keyOfChain(header.x5c, roots, nowMs);
      return typeof header.kid === "string" ? byKid.get(header.kid) : undefined;
    },
  };
}

/** The public keys of a JWKS by `kid`. Keys that cannot verify a signature, or have no `kid`, are skipped. */
export function parseJwks(text: string): ReadonlyMap<string, VerificationKey> {
  const keys = (JSON.parse(text) as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new SyntaxError("it has no list of keys");
  return new Map(keys.flatMap(readJwk));
}

function readJwk(jwk: Readonly<Record<string, unknown>> | null): (readonly [string, VerificationKey])[] {
  const { kid, kty, use, alg } = jwk ?? {};
  if (typeof kid !== "string" || kid === "" || kty === "oct" || (use !== undefined && use !== "sig")) return [];
  try {
    const key = createPublicKey({ key: jwk, format: "jwk" } as JsonWebKeyInput);
    return [[kid, { key, algorithm: typeof alg === "string" ? alg : undefined }]];
  } catch {
    return [];
  }
}

function parseCertificates(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new SyntaxError("a certificate in it cannot be read", { cause });
  }
}

/**
 * The key of the first certificate, if the bundle holds it or holds its issuer; both must be valid now. Go's verifier
 * builds longer chains. Here an intermediate authority must be in the bundle itself, so that nothing in the token decides
 * who may issue.
 */
function keyOfChain(x5c: unknown, roots: readonly X509Certificate[], nowMs: number): VerificationKey | undefined {
  const leaf = Array.isArray(x5c) ? parseLeaf(x5c[0]) : undefined;
  if (leaf === undefined || !isValidAt(leaf, nowMs)) return undefined;
  const isTrusted = roots.some(
    (root) =>
      isValidAt(root, nowMs) &&
      (root.raw.equals(leaf.raw) || (root.ca && leaf.checkIssued(root) && leaf.verify(root.publicKey))),
  );
  return isTrusted ? { key: leaf.publicKey, algorithm: undefined } : undefined;
}

function parseLeaf(text: unknown): X509Certificate | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return new X509Certificate(Buffer.from(text, "base64"));
  } catch {
    return undefined;
  }
}

function isValidAt({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && nowMs <= Date.parse(validTo);
}

/** A key's identifier in libtrust's form, which distribution 2 expects: 240 bits of a hash in base32, in groups of four. */
export function libtrustKeyId(key: KeyObject): string {
  const hash = createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
  return (encodeBase32(hash.subarray(0, 30)).match(/.{4}/g) ?? []).join(":");
}

const base32Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function encodeBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? []).map((group) => base32Letters[Number.parseInt(group, 2)]).join("");
}

/** A key's identifier by RFC 7638, which distribution 3 expects. */
function thumbprint(key: KeyObject): string {
  const { crv, e, kty, n, x, y } = key.export({ format: "jwk" });
  const members = Object.entries({ crv, e, kty, n, x, y }).filter(([, value]) => value !== undefined);
  return createHash("sha256")
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest("base64url");
}
