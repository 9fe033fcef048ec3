// Certificates for a registry, from where docker, podman, containerd and `registry trust` put them: every *.crt is an
// authority, x.cert with x.key is what this machine shows.
//
//   ~/.config/containers/certs.d/<host[:port]>   ~/.config/docker/certs.d/…
//   /etc/containers/certs.d/…   /etc/docker/certs.d/…   /etc/containerd/certs.d/…
import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ClientIdentity } from "../../client/transport.ts";
import { errorCode, explainReadError } from "../../lib/system-error.ts";

/** Where to look, and whom to tell of what cannot be used. */
export interface CertificateDirectoryOptions {
  readonly directories: readonly string[];
  readonly warn: (sentence: string) => void;
}

/** What was found for a registry. */
export interface FoundCertificates {
  /** In PEM. */
  readonly authorities: readonly string[];
  readonly identity: ClientIdentity | undefined;
}

const maxFiles = 100;

/** The directories of certificates, the user's own first. */
export function listCertificateHomes(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const home = env.HOME ?? "";
  const configHome = (env.XDG_CONFIG_HOME ?? "") || (home === "" ? "" : join(home, ".config"));
  const own = configHome === "" ? [] : [join(configHome, "containers"), join(configHome, "docker")];
  return [...own, "/etc/containers", "/etc/docker", "/etc/containerd"].map((directory) => join(directory, "certs.d"));
}

/** The certificates for a registry, by its host as in image names. */
export function findCertificates(host: string, dependencies: CertificateDirectoryOptions): FoundCertificates {
  const found = dependencies.directories.map((directory) => readDirectory(join(directory, host), dependencies.warn));
  return {
    authorities: found.flatMap(({ authorities }) => authorities),
    identity: found.find(({ identity }) => identity !== undefined)?.identity,
  };
}

function readDirectory(directory: string, warn: CertificateDirectoryOptions["warn"]): FoundCertificates {
  const names = listNames(directory, warn);
  const read = (name: string) => readText(join(directory, name), warn);
  const authorities = names
    .filter((name) => name.endsWith(".crt"))
    .flatMap((name) => certificatesIn(join(directory, name), read(name), warn));
  const certificate = names.find((name) => name.endsWith(".cert") && names.includes(keyOf(name)));
  const [cert, key] = certificate === undefined ? [] : [read(certificate), read(keyOf(certificate))];
  return { authorities, identity: cert === undefined || key === undefined ? undefined : { cert, key } };
}

function keyOf(certificate: string): string {
  return certificate.replace(/\.cert$/, ".key");
}

function listNames(directory: string, warn: CertificateDirectoryOptions["warn"]): readonly string[] {
  try {
    return readdirSync(directory).sort().slice(0, maxFiles);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ENOENT" && code !== "ENOTDIR") warn(`${directory} ${explainReadError(error)}; continuing without it`);
    return [];
  }
}

function readText(path: string, warn: CertificateDirectoryOptions["warn"]): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    warn(`${path} ${explainReadError(error)}; continuing without it`);
    return undefined;
  }
}

function certificatesIn(
  path: string,
  text: string | undefined,
  warn: CertificateDirectoryOptions["warn"],
): readonly string[] {
  if (text === undefined) return [];
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const good = blocks.filter(isCertificate);
  if (good.length === 0 || good.length < blocks.length) warn(`${path} holds something that is no certificate in PEM`);
  return good;
}

/** Whether a block of PEM is a certificate. */
export function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
