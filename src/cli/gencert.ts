// registry gencert
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { certificateFileNames } from "../app/certificates/certificate-files.ts";
import { CertificateStoreError, type Certificates, ensureCertificates } from "../app/certificates/certificate-store.ts";
import { defaultNames } from "../app/certificates/host-names.ts";
import { withFileLock } from "../app/files/file-lock.ts";
import { explainNameProblem, formatSubjectNames, parseSubjectName, type SubjectName } from "../lib/subject-names.ts";
import { formatDay } from "../tls/describe.ts";
import { defaultDays, type KeyKind, maxDays } from "../tls/self-signed.ts";
import {
  type Command,
  CommandError,
  type CommandIo,
  flagOf,
  hasFlag,
  type ParsedWords,
  UsageError,
} from "./command.ts";

const defaultDirectory = "certs";

/** Writes a CA and a server certificate, for a registry that is started elsewhere or by another program. */
export const gencertCommand: Command = {
  name: "gencert",
  summary: "makes a certificate authority (CA) and a server certificate",
  operands: "",
  maxOperands: 0,
  description: `Writes ca.crt, ca.key, server.crt and server.key. Clients trust ca.crt; a server is given server.crt and server.key.
With --force the server certificate is made anew under the same CA, so clients notice nothing. Without --san the names
are localhost, this machine's host name and its addresses.

\`registry serve\` makes and renews such certificates by itself; this command is for other servers and other machines.`,
  flags: [
    { name: "san", value: "NAME", isRepeatable: true, help: "DNS name (also *.example.org), IPv4 or IPv6 address" },
    { name: "out", value: "DIR", help: `where the files go (default ./${defaultDirectory})` },
    { name: "days", value: "N", help: `how long the server certificate is valid (default ${defaultDays})` },
    {
      name: "key",
      value: "KIND",
      choices: ["ecdsa", "rsa4096"],
      help: "ecdsa (P-256) or rsa4096 (default ecdsa)",
    },
    { name: "force", help: "replace the server certificate, under the same CA" },
    { name: "new-ca", help: "with --force: replace the CA too; every client has to trust it again" },
  ],
  run: gencert,
};

/** Everything the flags say. */
interface GencertRequest {
  readonly directory: string;
  readonly names: readonly SubjectName[];
  readonly days: number;
  readonly key: KeyKind;
  readonly force: "server" | "both" | undefined;
}

async function gencert(words: ParsedWords, io: CommandIo): Promise<number> {
  const request = parseRequest(words);
  if (request.force === undefined) refuseOverwrite(request.directory);
  const certificates = await make(request, io.now());
  io.stdout(formatResult(request.directory, certificates));
  return 0;
}

function parseRequest(words: ParsedWords): GencertRequest {
  const isForced = hasFlag(words, "force");
  const isNewAuthority = hasFlag(words, "new-ca");
  if (isNewAuthority && !isForced) {
    throw new UsageError("--new-ca replaces the CA that clients trust; it needs --force beside it");
  }
  const sans = words.flags.san ?? [];
  return {
    directory: flagOf(words, "out") ?? defaultDirectory,
    names: sans.length === 0 ? defaultNames() : sans.map(parseSan),
    days: parseDays(flagOf(words, "days")),
    key: parseKeyKind(flagOf(words, "key")),
    force: isNewAuthority ? "both" : isForced ? "server" : undefined,
  };
}

function parseSan(text: string): SubjectName {
  const name = parseSubjectName(text);
  if (name === undefined) throw new UsageError(`--san: ${explainNameProblem(text)}`);
  return name;
}

function parseDays(text: string | undefined): number {
  if (text === undefined) return defaultDays;
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= maxDays) return days;
  throw new UsageError(`--days is a number from 1 to ${maxDays}, not ${JSON.stringify(text)}`);
}

function parseKeyKind(text = "ecdsa"): KeyKind {
  if (text === "ecdsa" || text === "rsa4096") return text;
  throw new UsageError(`--key is ecdsa or rsa4096, not ${JSON.stringify(text)}`);
}

function refuseOverwrite(directory: string): void {
  const present = certificateFileNames.filter((name) => existsSync(join(directory, name)));
  if (present.length === 0) return;
  throw new CommandError(
    `${directory} already has ${present.join(", ")}; --force makes a new server certificate under the same CA, --out DIR writes elsewhere`,
  );
}

async function make(request: GencertRequest, nowMs: number): Promise<Certificates> {
  try {
    return await ensureCertificates({ ...request, nowMs, withLock: withFileLock });
  } catch (error) {
    if (error instanceof CertificateStoreError) throw new CommandError(error.message);
    throw error;
  }
}

function formatResult(directory: string, { outcome, authority, server }: Certificates): string {
  const path = (name: string) => resolve(directory, name);
  const name = server.names.find(({ kind, value }) => kind === "dns" && !value.startsWith("*"))?.value ?? "HOST";
  const authorityNote = outcome === "renewed" ? "as before" : `new, until ${formatDay(authority.notAfterMs)}`;
  return `${[
    `${path("ca.crt")}      the CA (${authorityNote}); clients trust this file`,
    `${path("ca.key")}      the CA's key; keep it secret, it is only needed to renew`,
    `${path("server.crt")}  the server certificate, until ${formatDay(server.notAfterMs)}`,
    `${path("server.key")}  its key`,
    "",
    `  names       ${formatSubjectNames(server.names)}`,
    `  CA SHA-256  ${authority.fingerprint}`,
    "",
    "In the server's config.yml:",
    "  http:",
    "    tls:",
    `      certificate: ${path("server.crt")}`,
    `      key: ${path("server.key")}`,
    "",
    "On every client (docker needs no restart):",
    `  /etc/docker/certs.d/${name}:5000/ca.crt    a copy of ca.crt`,
  ].join("\n")}\n`;
}
