// Makes certificates: a CA of our own, and server certificates under it, in the form that Go, OpenSSL and browsers
// accept. Names are subject alternative names; the CN is for people only.
import { createPrivateKey, type KeyObject } from "node:crypto";
import type { SubjectName } from "../lib/subject-names.ts";

type X509 = typeof import("@peculiar/x509");

/** Kinds of keys we make: ECDSA on P-256, or RSA with 4096 bits for older clients. */
export type KeyKind = "ecdsa" | "rsa4096";

/** A certificate with its PKCS#8 private key, both PEM. */
export interface CertificatePair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** What a new CA needs. */
export interface AuthorityOptions {
  readonly hostName: string;
  readonly key: KeyKind;
  readonly nowMs: number;
}

/** What a new server certificate needs. */
export interface ServerCertificateOptions {
  readonly names: readonly SubjectName[];
  readonly key: KeyKind;
  readonly days: number;
  readonly nowMs: number;
}

/** What signing needs: the key, and the hash that goes with it. */
interface CertificateSigner {
  readonly privateKey: CryptoKey;
  readonly algorithm: { readonly name: string; readonly hash: string };
}

export const defaultDays = 397;
/** As long as the authority itself. */
export const maxDays = 3650;

const dayMs = 24 * 3_600_000;
/** Backdated, so that clients whose clock is a little behind accept a new certificate too. */
const backdateMs = 3_600_000;
const authorityDays = 3650;
/** X.520's upper bound of a common name. */
const maxCommonNameLength = 64;

const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const generation = {
  ecdsa: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  rsa4096: { ...rsa, modulusLength: 4096, publicExponent: new Uint8Array([1, 0, 1]) },
} satisfies Record<KeyKind, object>;

/** A new CA, valid for ten years, that can sign server certificates and no further CAs. */
export async function createAuthority({ hostName, key, nowMs }: AuthorityOptions): Promise<CertificatePair> {
  const x509 = await loadX509();
  const keys = await generateKeys(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: commonName(`registry CA ${hostName}`),
    notBefore: wholeSeconds(nowMs - backdateMs),
    notAfter: wholeSeconds(nowMs + authorityDays * dayMs),
    keys,
    signingAlgorithm: generation[key],
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pairOf(certificate, keys);
}

/** A new key with a certificate for the names, signed by the CA, which it never outlives. */
export async function issueServerCertificate(
  authority: CertificatePair,
  { names, key, days, nowMs }: ServerCertificateOptions,
): Promise<CertificatePair> {
  const x509 = await loadX509();
  const keys = await generateKeys(key);
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const signer = await importSigningKey(authority.keyPem);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: commonName(names[0]?.value ?? "registry"),
    issuer: issuer.subjectName,
    notBefore: wholeSeconds(nowMs - backdateMs),
    notAfter: wholeSeconds(Math.min(nowMs + days * dayMs, issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: signer.algorithm,
    extensions: await serverExtensions(x509, { names, key, publicKey: keys.publicKey, issuer }),
  });
  return pairOf(certificate, keys);
}

async function serverExtensions(
  x509: X509,
  subject: {
    readonly names: readonly SubjectName[];
    readonly key: KeyKind;
    readonly publicKey: CryptoKey;
    readonly issuer: InstanceType<X509["X509Certificate"]>;
  },
) {
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  // TLS 1.2 without forward secrecy encrypts to the key itself, which only RSA can do.
  const usages = subject.key === "rsa4096" ? digitalSignature | keyEncipherment : digitalSignature;
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(usages, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(subject.names.map(({ kind, value }) => ({ type: kind, value }))),
    await x509.SubjectKeyIdentifierExtension.create(subject.publicKey),
    await authorityKeyIdentifier(x509, subject.issuer),
  ];
}

/** Equal to the issuer's subject key identifier, however that was made; strict verifiers compare the two. */
async function authorityKeyIdentifier(x509: X509, issuer: InstanceType<X509["X509Certificate"]>) {
  const own = issuer.getExtension(x509.SubjectKeyIdentifierExtension);
  if (own !== null) return new x509.AuthorityKeyIdentifierExtension(own.keyId);
  return await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey);
}

function generateKeys(key: KeyKind): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(generation[key], true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

/** Reads any PEM private key that OpenSSL writes: PKCS#8, "EC PRIVATE KEY", "RSA PRIVATE KEY". */
async function importSigningKey(keyPem: string): Promise<CertificateSigner> {
  const key = createPrivateKey(keyPem);
  const algorithm = signingAlgorithmOf(key);
  const der = key.export({ type: "pkcs8", format: "der" });
  const privateKey = await crypto.subtle.importKey("pkcs8", new Uint8Array(der), algorithm, false, ["sign"]);
  return { privateKey, algorithm };
}

function signingAlgorithmOf(key: KeyObject): { name: string; hash: string; namedCurve?: string } {
  if (key.asymmetricKeyType === "rsa") return rsa;
  if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return generation.ecdsa;
  if (key.asymmetricKeyDetails?.namedCurve === "secp384r1") {
    return { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };
  }
  throw new Error("the authority's key is neither RSA nor ECDSA on P-256 or P-384");
}

async function pairOf(certificate: { toString(format: "pem"): string }, keys: CryptoKeyPair): Promise<CertificatePair> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    certificatePem: `${certificate.toString("pem").trim()}\n`,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`,
  };
}

/** 128 random bits in hexadecimal; the first bit is clear, so that the number is positive in 16 bytes. */
function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

function commonName(text: string): { CN: string[] }[] {
  return [{ CN: [text.slice(0, maxCommonNameLength)] }];
}

/** X.509 has no milliseconds. */
function wholeSeconds(timeMs: number): Date {
  return new Date(Math.floor(timeMs / 1000) * 1000);
}

/** The library, using the runtime's WebCrypto; loaded only when a certificate must be made, since it triples the start time. */
export async function loadX509(): Promise<X509> {
  // The library's dependency injection throws without this at import.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(crypto);
  return x509;
}
