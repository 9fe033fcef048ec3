// The certificate that the server presents: its own, kept in a directory and renewed, or one from files.

import { resolve } from "node:path";
import type { Configuration } from "../../config/schema.ts";
import type { TlsMaterial } from "../../http/server.ts";
import { certificateWarnings } from "../../tls/describe.ts";
import { withFileLock } from "../files/file-lock.ts";
import { StartError } from "../start-error.ts";
import { openCertificateFiles, readAuthorities } from "./certificate-from-files.ts";
import type { CertificateSource } from "./certificate-source.ts";
import { CertificateStoreError, type Certificates, ensureCertificates } from "./certificate-store.ts";
import { defaultNames } from "./host-names.ts";

type Tls = Configuration["http"]["tls"];
type Minimum = Tls["minimumtls"];

/** Where our own certificate is kept, and the clock. */
interface CertificateDependencies {
  readonly directory: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Opens the configured certificate; undefined for plain HTTP. Throws a StartError when it cannot be used. */
export async function openCertificates(
  tls: Tls,
  dependencies: CertificateDependencies,
): Promise<CertificateSource | undefined> {
  const source = await openSource(tls, dependencies);
  const { offered: cipherSuites = [] } = tls.ciphersuites ?? {};
  if (tls.clientcas.length === 0 && (cipherSuites.length === 0 || source === undefined)) return source;
  if (source === undefined) {
    throw new StartError(
      "http.tls.clientcas needs TLS: set http.tls.certificate and http.tls.key, or http.tls.selfsigned",
    );
  }
  const read = () => tls.clientcas.map(readAuthorities).join("\n");
  let clientAuthorities = read();
  const material = (): TlsMaterial => ({
    ...source.material(),
    ...(clientAuthorities === "" ? {} : { clientAuthorities }),
    ...(cipherSuites.length === 0 ? {} : { cipherSuites }),
  });
  return {
    ...source,
    material,
    paths: [...source.paths, ...tls.clientcas],
    renew: async () => {
      const authorities = read();
      await source.renew();
      clientAuthorities = authorities;
    },
  };
}

async function openSource(
  { certificate, key, minimumtls: minimum, selfsigned }: Tls,
  dependencies: CertificateDependencies,
): Promise<CertificateSource | undefined> {
  if (certificate !== undefined && key !== undefined)
    return openCertificateFiles({ certificate, key, minimum }, dependencies.now());
  if (!selfsigned.isOn) return undefined;
  return openSelfSigned(selfsigned, {
    directory: selfsigned.directory ?? dependencies.directory,
    now: dependencies.now,
    minimum,
  });
}

async function openSelfSigned(
  { sans, days, key }: Tls["selfsigned"],
  dependencies: CertificateDependencies & { readonly minimum: Minimum },
): Promise<CertificateSource> {
  const { directory, now, minimum } = dependencies;
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
    // Its end is none: it is renewed before that.
    warnings: certificateWarnings(current.server, now()),
    paths: [resolve(directory, "server.crt")],
    renew: async () => {
      current = await ensure();
    },
  };
}

function explain(error: unknown): Certificates {
  throw error instanceof CertificateStoreError ? new StartError(error.message) : error;
}
