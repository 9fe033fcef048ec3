// The certificate that the server presents: its own, kept in a directory and renewed, or one from files.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Configuration } from "../config/schema.ts";
import type { TlsMaterial } from "../http/server.ts";
import { explainReadError } from "../lib/system-error.ts";
import {
  type CertificateDescription,
  certificateWarnings,
  describeCertificate,
  isIssuedBy,
  isKeyOf,
} from "../tls/describe.ts";
import { CertificateStoreError, type Certificates, ensureCertificates } from "./certificate-store.ts";
import { withFileLock } from "./file-lock.ts";
import { defaultNames } from "./host-names.ts";
import { StartError } from "./start-error.ts";

/** A certificate that may change while the server runs. */
export interface CertificateSource {
  /** What to listen with now. */
  material(): TlsMaterial;
  description(): CertificateDescription;
  /** The CA that clients need to trust, where the certificate is our own. */
  readonly authority: { readonly path: string; pem(): string; description(): CertificateDescription } | undefined;
  /** The file of a configured certificate that is self-signed: clients need to trust it itself. */
  readonly selfSignedPath: string | undefined;
  /** What was made at the start, and why; undefined where nothing was. */
  readonly made: string | undefined;
  /** What an operator should know. */
  readonly warnings: readonly string[];
  /** Renews the certificate when that is due; undefined when nothing changes. */
  renew(): Promise<TlsMaterial | undefined>;
}

type Tls = Configuration["http"]["tls"];
type Minimum = Tls["minimumtls"];

/** Opens the configured certificate; undefined for plain HTTP. Throws a StartError when it cannot be used. */
export async function openCertificates(
  tls: Tls,
  means: { readonly directory: string; readonly now: () => number },
): Promise<CertificateSource | undefined> {
  const source = await openSource(tls, means);
  const { offered: cipherSuites = [] } = tls.ciphersuites ?? {};
  if (tls.clientcas.length === 0 && (cipherSuites.length === 0 || source === undefined)) return source;
  if (source === undefined) {
    throw new StartError(
      "http.tls.clientcas needs TLS: set http.tls.certificate and http.tls.key, or http.tls.selfsigned",
    );
  }
  const clientAuthorities = tls.clientcas.map(readAuthorities).join("\n");
  const additions = {
    ...(clientAuthorities === "" ? {} : { clientAuthorities }),
    ...(cipherSuites.length === 0 ? {} : { cipherSuites }),
  };
  const complete = (material: TlsMaterial): TlsMaterial => ({ ...material, ...additions });
  return {
    ...source,
    material: () => complete(source.material()),
    renew: async () => {
      const renewed = await source.renew();
      return renewed === undefined ? undefined : complete(renewed);
    },
  };
}

/** A file without a certificate would let nobody in, or with another runtime everybody. */
function readAuthorities(path: string): string {
  const pem = readFile(path, "http.tls.clientcas");
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const isReadable = blocks.length > 0 && blocks.every((block) => describeCertificate(block) !== undefined);
  if (!isReadable) throw new StartError(`http.tls.clientcas: ${path}: is not a file of PEM certificates`);
  return blocks.join("\n");
}

async function openSource(
  { certificate, key, minimumtls: minimum, selfsigned }: Tls,
  means: { readonly directory: string; readonly now: () => number },
): Promise<CertificateSource | undefined> {
  if (certificate !== undefined && key !== undefined) return openFiles({ certificate, key, minimum }, means.now());
  if (!selfsigned.isOn) return undefined;
  return openSelfSigned(selfsigned, { directory: selfsigned.directory ?? means.directory, now: means.now, minimum });
}

async function openSelfSigned(
  { sans, days, key }: Tls["selfsigned"],
  means: { readonly directory: string; readonly now: () => number; readonly minimum: Minimum },
): Promise<CertificateSource> {
  const { directory, now, minimum } = means;
  const ensure = () => {
    const names = [...sans, ...defaultNames()];
    return ensureCertificates({ directory, names, days, key, nowMs: now(), withLock: withFileLock });
  };
  let current = await ensure().catch(explain);
  const material = (): TlsMaterial => ({
    certificate: current.certificatePem,
    key: current.keyPem,
    minimum,
  });
  return {
    material,
    description: () => current.server,
    authority: { path: resolve(directory, "ca.crt"), pem: () => current.caPem, description: () => current.authority },
    selfSignedPath: undefined,
    made: current.reason === undefined ? undefined : `made a new certificate, because ${current.reason}`,
    warnings: [],
    renew: async () => {
      const before = current.certificatePem;
      current = await ensure();
      return current.certificatePem === before ? undefined : material();
    },
  };
}

function explain(error: unknown): Certificates {
  throw error instanceof CertificateStoreError ? new StartError(error.message) : error;
}

/** Read once: a certificate from files changes with the next start. */
function openFiles({ certificate: path, key: keyPath, minimum }: TlsMaterial, nowMs: number): CertificateSource {
  const certificate = readFile(path, "http.tls.certificate");
  const key = readFile(keyPath, "http.tls.key");
  const description = describeCertificate(certificate);
  if (description === undefined) throw new StartError(`http.tls.certificate: ${path}: is not a PEM certificate`);
  const isMatching = isKeyOf(certificate, key);
  if (isMatching === undefined)
    throw new StartError(`http.tls.key: ${keyPath}: is not a PEM private key without a password`);
  if (!isMatching) throw new StartError(`http.tls.key: ${keyPath}: does not belong to the certificate ${path}`);
  return {
    material: () => ({ certificate, key, minimum }),
    description: () => description,
    authority: undefined,
    selfSignedPath: isIssuedBy(certificate, certificate) ? resolve(path) : undefined,
    made: undefined,
    warnings: certificateWarnings(description, nowMs).map((warning) => `${path}: ${warning}`),
    renew: async () => undefined,
  };
}

function readFile(path: string, key: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new StartError(`${key}: ${path}: ${explainReadError(error)}`);
  }
}
