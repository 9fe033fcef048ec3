// A certificate from files that another program renews, such as certbot or cert-manager, and the files of authorities.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { TlsMaterial } from "../../http/server.ts";
import { explainReadError } from "../../lib/system-error.ts";
import { certificateWarnings, describeCertificate, isIssuedBy, isKeyOf } from "../../tls/describe.ts";
import { StartError } from "../start-error.ts";
import type { CertificateSource } from "./certificate-source.ts";

/** Where the certificate and its key are, and the oldest TLS version to offer with them. */
export interface CertificatePaths {
  readonly certificate: string;
  readonly key: string;
  readonly minimum: TlsMaterial["minimum"];
}

/** Opens the files; `renew` reads them again. Throws a StartError if they cannot be used; those read before stay in use. */
export function openCertificateFiles(files: CertificatePaths, nowMs: number): CertificateSource {
  let current = readPair(files);
  const material = (): TlsMaterial => ({ certificate: current.certificate, key: current.key, minimum: files.minimum });
  const { certificate, description } = current;
  return {
    material,
    description: () => current.description,
    authority: undefined,
    selfSignedPath: isIssuedBy(certificate, certificate) ? resolve(files.certificate) : undefined,
    made: undefined,
    warnings: certificateWarnings(description, nowMs).map((warning) => `${files.certificate}: ${warning}`),
    paths: [files.certificate, files.key],
    renew: async () => {
      current = readPair(files);
    },
  };
}

function readPair({ certificate: path, key: keyPath }: CertificatePaths) {
  const certificate = readPem(path, "http.tls.certificate");
  const key = readPem(keyPath, "http.tls.key");
  const description = describeCertificate(certificate);
  if (description === undefined) throw new StartError(`http.tls.certificate: ${path}: is not a PEM certificate`);
  const isMatching = isKeyOf(certificate, key);
  if (isMatching === undefined)
    throw new StartError(`http.tls.key: ${keyPath}: is not a PEM private key without a password`);
  if (!isMatching) throw new StartError(`http.tls.key: ${keyPath}: does not belong to the certificate ${path}`);
  return { certificate, key, description };
}

/** The certificates of authorities in PEM. A file without any would refuse all callers, or with another runtime none. */
export function readAuthorities(path: string): string {
  const pem = readPem(path, "http.tls.clientcas");
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const isReadable = blocks.length > 0 && blocks.every((block) => describeCertificate(block) !== undefined);
  if (!isReadable) throw new StartError(`http.tls.clientcas: ${path}: is not a file of PEM certificates`);
  return blocks.join("\n");
}

function readPem(path: string, key: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new StartError(`${key}: ${path}: ${explainReadError(error)}`);
  }
}
