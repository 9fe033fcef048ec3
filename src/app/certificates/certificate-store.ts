// Keeps our own CA and server certificate in a directory: makes them on the first run, renews them when planRenewal
// says so, and never replaces a CA that clients may trust.
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { type SubjectName, uniqueNames } from "../../lib/subject-names.ts";
import { errorCode } from "../../lib/system-error.ts";
import { type CertificateDescription, describeCertificate, isIssuedBy, isKeyOf } from "../../tls/describe.ts";
import { planRenewal, type RenewalPlan } from "../../tls/renewal.ts";
import { createAuthority, issueServerCertificate, type KeyKind } from "../../tls/self-signed.ts";
import {
  type CertificateFileName,
  type CertificateFiles,
  finishReplacement,
  hasUnfinishedReplacement,
  makeCertificateDirectory,
  protectKeys,
  readCertificateFiles,
  replaceCertificateFiles,
} from "./certificate-files.ts";

/** Runs the work under the lock file, which one process holds at a time. */
export type WithLock = <T>(path: string, work: () => Promise<T>) => Promise<T>;

/** Which certificates to keep, and how. */
export interface EnsureOptions {
  readonly directory: string;
  readonly names: readonly SubjectName[];
  readonly days: number;
  readonly key: KeyKind;
  readonly nowMs: number;
  readonly withLock: WithLock;
  /** Replaces the server certificate, or the CA too, whatever is there. */
  readonly force?: "server" | "both" | undefined;
}

/** The certificates in the directory. */
export interface Certificates {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly authority: CertificateDescription;
  readonly server: CertificateDescription;
  /** What was made: nothing, a server certificate under the same CA, or both. */
  readonly outcome: "kept" | "renewed" | "created";
  /** Why, in words that follow "because". */
  readonly reason: string | undefined;
}

/** The directory cannot be used as it is: one line that says what to do. */
export class CertificateStoreError extends Error {}

/** The usable parts of what is there. */
interface Stored {
  readonly files: CertificateFiles;
  readonly plan: RenewalPlan;
}

/** Reads the certificates, making what is missing or due; processes that start together end up with one set. */
export async function ensureCertificates(options: EnsureOptions): Promise<Certificates> {
  const directory = resolve(options.directory);
  const wanted = { ...options, directory, names: uniqueNames(options.names) };
  try {
    protectKeys(directory);
    const kept = await readIfSettled(wanted);
    if (kept !== undefined) return kept;
    await makeCertificateDirectory(directory);
    return await options.withLock(join(directory, ".lock"), () => renew(wanted));
  } catch (error) {
    throw explainFailure(error, directory);
  }
}

/** Without the lock: only an answer that needs no writing counts, since another process may be writing. */
async function readIfSettled(options: EnsureOptions): Promise<Certificates | undefined> {
  if (options.force !== undefined || (await hasUnfinishedReplacement(options.directory))) return undefined;
  try {
    const { files, plan } = inspect(await readCertificateFiles(options.directory), options);
    return plan === "keep" ? present(files, "kept", undefined) : undefined;
  } catch (error) {
    if (error instanceof CertificateStoreError) return undefined;
    throw error;
  }
}

async function renew(options: EnsureOptions): Promise<Certificates> {
  await finishReplacement(options.directory);
  const { files, plan } = inspect(await readCertificateFiles(options.directory), options);
  if (plan === "keep") return present(files, "kept", undefined);
  const made = await make(files, { ...options, renew: plan.renew });
  await replaceCertificateFiles(options.directory, made);
  return present({ ...files, ...made }, plan.renew === "both" ? "created" : "renewed", plan.reason);
}

async function make(files: CertificateFiles, options: EnsureOptions & { readonly renew: "server" | "both" }) {
  const made: Partial<Record<CertificateFileName, string>> = {};
  if (options.renew === "both") {
    const created = await createAuthority({ hostName: hostname(), key: options.key, nowMs: options.nowMs });
    made["ca.crt"] = created.certificatePem;
    made["ca.key"] = created.keyPem;
  }
  const authority = { ...files, ...made };
  const server = await issueServerCertificate(
    { certificatePem: authority["ca.crt"] ?? "", keyPem: authority["ca.key"] ?? "" },
    options,
  );
  made["server.crt"] = server.certificatePem;
  made["server.key"] = server.keyPem;
  return made;
}

/** Checks what is there and decides; throws if a person has to decide. */
function inspect(files: CertificateFiles, options: EnsureOptions): Stored {
  if (options.force === "both") return { files, plan: { renew: "both", reason: "a new authority was asked for" } };
  const authority = readAuthority(files, options.directory);
  if (options.force === "server" && authority !== undefined) {
    return { files, plan: { renew: "server", reason: "a new server certificate was asked for" } };
  }
  const server = readServer(files, options.directory);
  const plan = planRenewal({
    authority,
    server,
    isIssuedByAuthority: isIssuedBy(files["ca.crt"] ?? "", files["server.crt"] ?? ""),
    isKeyMatching: isKeyOf(files["server.crt"] ?? "", files["server.key"] ?? "") ?? false,
    wantedNames: options.names,
    key: options.key,
    nowMs: options.nowMs,
  });
  return { files, plan };
}

function readAuthority(files: CertificateFiles, directory: string): CertificateDescription | undefined {
  const { "ca.crt": certificatePem, "ca.key": keyPem } = files;
  if (certificatePem === undefined && keyPem === undefined) return undefined;
  const path = (name: CertificateFileName) => join(directory, name);
  const advice = `put the right files back, or make a new authority that every client has to trust anew: registry gencert --force --new-ca --out ${directory}`;
  if (certificatePem === undefined || keyPem === undefined) {
    const [present, absent] = keyPem === undefined ? ["ca.crt", "ca.key"] : ["ca.key", "ca.crt"];
    throw new CertificateStoreError(`${directory} has ${present} but no ${absent}; ${advice}`);
  }
  const authority = describeCertificate(certificatePem);
  if (authority === undefined) throw new CertificateStoreError(`${path("ca.crt")} is not a PEM certificate; ${advice}`);
  if (!authority.isCa) throw new CertificateStoreError(`${path("ca.crt")} is not a CA certificate; ${advice}`);
  const isMatching = isKeyOf(certificatePem, keyPem);
  if (isMatching === undefined)
    throw new CertificateStoreError(`${path("ca.key")} is not a PEM private key; ${advice}`);
  if (!isMatching) throw new CertificateStoreError(`${path("ca.key")} does not belong to ca.crt; ${advice}`);
  return authority;
}

/** Undefined if the certificate or its key is missing, which can be repaired; any other file is not ours. */
function readServer(files: CertificateFiles, directory: string): CertificateDescription | undefined {
  const { "server.crt": certificatePem, "server.key": keyPem } = files;
  const advice = `remove it, or make a new server certificate: registry gencert --force --out ${directory}`;
  const server = describeCertificate(certificatePem ?? "");
  if (certificatePem !== undefined && server === undefined) {
    throw new CertificateStoreError(`${join(directory, "server.crt")} is not a PEM certificate; ${advice}`);
  }
  if (server !== undefined && keyPem !== undefined && isKeyOf(certificatePem ?? "", keyPem) === undefined) {
    throw new CertificateStoreError(`${join(directory, "server.key")} is not a PEM private key; ${advice}`);
  }
  return keyPem === undefined ? undefined : server;
}

function present(files: CertificateFiles, outcome: Certificates["outcome"], reason: string | undefined): Certificates {
  const { "ca.crt": caPem = "", "server.crt": certificatePem = "", "server.key": keyPem = "" } = files;
  const authority = describeCertificate(caPem);
  const server = describeCertificate(certificatePem);
  if (authority === undefined || server === undefined) throw new TypeError("a certificate that was checked is none");
  return { caPem, certificatePem, keyPem, authority, server, outcome, reason };
}

/** Errors of the system as one line; everything else unchanged. */
function explainFailure(error: unknown, directory: string): unknown {
  const code = errorCode(error) ?? "";
  const sentences: Readonly<Record<string, string>> = {
    ENOENT: "it cannot be made there; choose another directory",
    EACCES: "this user may not read and write it; run as its owner, or change its owner",
    EPERM: "this user may not read and write it; run as its owner, or change its owner",
    ENOTDIR: "a part of the path is a file; choose another directory",
    EEXIST: "it is a file; choose another directory",
    EISDIR: "one of its files is a directory; move that away",
    EROFS: "the disk is read-only; choose another directory",
    ENOSPC: "the disk is full; free some space",
    EDQUOT: "the disk quota is used up; free some space",
  };
  const sentence = sentences[code];
  if (sentence === undefined) return error;
  return new CertificateStoreError(`the certificate directory ${directory} cannot be used: ${sentence}`, {
    cause: error,
  });
}
