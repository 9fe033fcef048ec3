// Reads certificates with the runtime's own parser (cheap, unlike the library that makes them), and warns about
// configured ones.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { parseSubjectName, type SubjectName } from "../lib/subject-names.ts";
import type { KeyKind } from "./self-signed.ts";

/** The parts of a certificate that decisions and messages need. */
export interface CertificateDescription {
  /** On one line, such as "CN=localhost". */
  readonly subject: string;
  readonly names: readonly SubjectName[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 of the DER form: "AA:BB:…". */
  readonly fingerprint: string;
  readonly isCa: boolean;
  /** Undefined for a kind of key that we do not make. */
  readonly key: KeyKind | undefined;
}

const dayMs = 24 * 3_600_000;
const endWarningMs = 30 * dayMs;

/** Describes the first certificate of a PEM text; undefined if there is none. */
export function describeCertificate(pem: string): CertificateDescription | undefined {
  const certificate = parseCertificate(pem);
  if (certificate === undefined) return undefined;
  return {
    subject: formatSubject(certificate.subject ?? ""),
    names: parseAlternativeNames(certificate.subjectAltName ?? ""),
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
    fingerprint: certificate.fingerprint256,
    isCa: certificate.ca,
    key: keyKindOf(certificate),
  };
}

/** Warnings about a configured certificate that clients refuse or soon will; each says what to do. */
export function certificateWarnings(description: CertificateDescription, nowMs: number): string[] {
  const warnings: string[] = [];
  if (description.names.length === 0) {
    warnings.push(
      `the certificate (${description.subject}) has no subject alternative names, and docker and every other Go client refuse it whatever its CN says: make one that has them, for example with \`registry gencert --san HOST\``,
    );
  }
  const end = formatDay(description.notAfterMs);
  if (nowMs > description.notAfterMs) {
    warnings.push(`the certificate ended on ${end} and clients refuse it: replace it`);
  } else if (nowMs > description.notAfterMs - endWarningMs) {
    const days = Math.floor((description.notAfterMs - nowMs) / dayMs);
    warnings.push(`the certificate ends on ${end}, in ${days} days: replace it before then`);
  }
  if (nowMs < description.notBeforeMs) {
    const start = new Date(description.notBeforeMs).toISOString();
    warnings.push(`the certificate is not valid before ${start}: check this machine's clock, or wait until then`);
  }
  return warnings;
}

/** Whether the first certificate signed the second one and is named as its issuer. */
export function isIssuedBy(authorityPem: string, certificatePem: string): boolean {
  const authority = parseCertificate(authorityPem);
  const certificate = parseCertificate(certificatePem);
  if (authority === undefined || certificate === undefined) return false;
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** Whether the private key belongs to the certificate; undefined if the key cannot be read. */
export function isKeyOf(certificatePem: string, keyPem: string): boolean | undefined {
  const certificate = parseCertificate(certificatePem);
  try {
    return certificate?.checkPrivateKey(createPrivateKey(keyPem)) ?? false;
  } catch {
    return undefined;
  }
}

/** The date, as in "2027-01-31". */
export function formatDay(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** On one line, without control characters or marks of writing direction. */
function formatSubject(text: string): string {
  return text.replaceAll("\n", ", ").replaceAll(/\p{C}|\p{Zl}|\p{Zp}/gu, "?");
}

/** From OpenSSL's text form, "DNS:localhost, IP Address:0:0:0:0:0:0:0:1"; kinds we do not know are left out. */
function parseAlternativeNames(text: string): SubjectName[] {
  return text.split(", ").flatMap((entry) => {
    const value = /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1];
    const name = value === undefined ? undefined : parseSubjectName(value);
    return name === undefined ? [] : [name];
  });
}

function keyKindOf({ publicKey }: X509Certificate): KeyKind | undefined {
  const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails ?? {};
  if (namedCurve === "prime256v1") return "ecdsa";
  return modulusLength === 4096 ? "rsa4096" : undefined;
}
