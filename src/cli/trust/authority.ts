// Which certificate the clients of a registry have to trust: the CA that it hands out, the one in a file that the user
// names, or what the server itself presents if that is self-signed.
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { explainReadError } from "../../lib/system-error.ts";
import { type CertificateDescription, describeCertificate, isIssuedBy } from "../../tls/describe.ts";
import { CommandError } from "../command.ts";
import { explainForeignAuthority } from "./advice.ts";
import { fetchAuthority, fetchPresented } from "./fetch.ts";
import type { TrustTarget } from "./target.ts";

/** A certificate to trust: one PEM block without anything around it. */
export interface Authority {
  readonly pem: string;
  readonly description: CertificateDescription;
  /** Whether it is the server's own certificate, which has no CA behind it. */
  readonly isServerItself: boolean;
}

/** The certificate to trust; undefined if this machine trusts the registry already. Throws a CommandError. */
export async function findAuthority(target: TrustTarget, caPath: string | undefined): Promise<Authority | undefined> {
  if (caPath !== undefined) return readAuthority(caPath);
  const text = await fetchAuthority(target);
  if (text !== undefined) return parseAuthority(text, `https://${target.authority}/ca.crt`);
  const { pem, isTrusted } = await fetchPresented(target);
  if (isTrusted) return undefined;
  const description = describeCertificate(pem);
  if (description === undefined) throw new TypeError("a certificate from the handshake is none");
  if (isIssuedBy(pem, pem)) return { pem, description, isServerItself: true };
  throw new CommandError(explainForeignAuthority(new X509Certificate(pem).issuer, target));
}

/** The one CA certificate of a PEM text, without anything around it. */
export function parseAuthority(text: string, source: string): Authority {
  const count = text.split("-----BEGIN ").length - 1;
  const description = describeCertificate(text);
  if (description === undefined) throw new CommandError(`${source} is not a PEM certificate; is this a registry?`);
  if (count !== 1) throw new CommandError(`${source} holds ${count} PEM blocks and not one CA certificate`);
  if (!description.isCa) throw new CommandError(`${source} is not a CA certificate; nothing can be trusted by it`);
  return { pem: `${new X509Certificate(text).toString().trim()}\n`, description, isServerItself: false };
}

function readAuthority(path: string): Authority {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandError(`--ca ${path}: ${explainReadError(error)}`);
  }
  const description = describeCertificate(text);
  if (description === undefined) throw new CommandError(`--ca ${path}: is not a PEM certificate`);
  if (description.isCa || !isIssuedBy(text, text)) return parseAuthority(text, path);
  return { pem: `${new X509Certificate(text).toString().trim()}\n`, description, isServerItself: true };
}
