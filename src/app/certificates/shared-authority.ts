// The authority behind the certificates of several nodes: each has a server certificate of its own, and clients that
// trust one node trust all of them. It lies in the bucket, readable for nobody else, and as files on each node.
import { hostname } from "node:os";
import { join } from "node:path";
import { describeCertificate, isKeyOf } from "../../tls/describe.ts";
import { createAuthority, type KeyKind } from "../../tls/self-signed.ts";
import { withFileLock } from "../files/file-lock.ts";
import type { SharedTexts } from "../store/shared-files.ts";
import { makeCertificateDirectory, readCertificateFiles, replaceCertificateFiles } from "./certificate-files.ts";

/** Where this node keeps it. */
export interface SharedAuthorityOptions {
  readonly directory: string;
  readonly key: KeyKind;
  readonly nowMs: number;
}

interface AuthorityPair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

const name = "tls/authority.json";
/** It is replaced so long before its end. */
const earlyMs = 31 * 24 * 3_600_000;

/** Puts the authority of all nodes into the directory; the first node makes it, or gives the one that it has. */
export async function shareAuthority(shared: SharedTexts, options: SharedAuthorityOptions): Promise<void> {
  const { directory, key, nowMs } = options;
  await makeCertificateDirectory(directory);
  const { "ca.crt": certificatePem, "ca.key": keyPem } = await readCertificateFiles(directory);
  const own = certificatePem === undefined || keyPem === undefined ? undefined : { certificatePem, keyPem };
  const text = await shared.update(name, async (before) => {
    if (isUsable(parsePair(before), nowMs)) return undefined;
    const pair = isUsable(own, nowMs) ? own : await createAuthority({ hostName: hostname(), key, nowMs });
    return JSON.stringify(pair);
  });
  const pair = parsePair(text);
  if (pair === undefined || (pair.certificatePem === certificatePem && pair.keyPem === keyPem)) return;
  await withFileLock(join(directory, ".lock"), () =>
    replaceCertificateFiles(directory, { "ca.crt": pair.certificatePem, "ca.key": pair.keyPem }),
  );
}

function isUsable(pair: AuthorityPair | undefined, nowMs: number): boolean {
  const described = pair === undefined ? undefined : describeCertificate(pair.certificatePem);
  if (pair === undefined || described === undefined || isKeyOf(pair.certificatePem, pair.keyPem) !== true) return false;
  return described.isCa && described.notAfterMs - nowMs > earlyMs;
}

/** Undefined for what is no pair, as an operator may have put it there. */
function parsePair(text: string | undefined): AuthorityPair | undefined {
  if (text === undefined) return undefined;
  try {
    const { certificatePem, keyPem } = JSON.parse(text) as Partial<Record<string, unknown>>;
    if (typeof certificatePem !== "string" || typeof keyPem !== "string") return undefined;
    return { certificatePem, keyPem };
  } catch {
    return undefined;
  }
}
