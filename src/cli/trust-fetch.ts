// Asks a registry for its CA over a connection that nothing vouches for yet, and then checks that the CA is the one
// behind the certificate it presents. Whether it is the right CA, only its fingerprint can tell.
import { X509Certificate } from "node:crypto";
import { get as getOverHttp, type IncomingMessage } from "node:http";
import { get } from "node:https";
import { connect } from "node:tls";
import { errorCode, messageOf } from "../lib/system-error.ts";
import { type CertificateDescription, describeCertificate } from "../tls/describe.ts";
import { CommandError } from "./command.ts";
import { type ConnectProblem, explainConnectProblem, explainMissingAuthority } from "./trust-advice.ts";
import type { TrustTarget } from "./trust-target.ts";

/** A CA as it was fetched: one PEM certificate without anything around it. */
export interface FetchedAuthority {
  readonly pem: string;
  readonly description: CertificateDescription;
}

const maxAuthorityBytes = 64 * 1024;
const defaultTimeoutMs = 10_000;

/** The CA that the registry hands out; throws a CommandError that says what is in the way. */
export async function fetchAuthority(
  target: TrustTarget,
  options: { readonly timeoutMs?: number } = {},
): Promise<FetchedAuthority> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const answer = await getAuthority(target, timeoutMs).catch(async (error: unknown) => {
    const problem = await classify(error, target, timeoutMs);
    throw new CommandError(explainConnectProblem(problem, target));
  });
  if (answer.status !== 200) throw new CommandError(explainMissingAuthority(answer.status, target));
  return parseAuthority(answer.text, target);
}

/** What the server presents when it has to prove itself by this CA; throws when it cannot. */
export async function fetchServerCertificate(
  target: TrustTarget,
  { caPem, timeoutMs = defaultTimeoutMs }: { readonly caPem: string; readonly timeoutMs?: number },
): Promise<CertificateDescription> {
  const pem = await presentedCertificate(target, { caPem, timeoutMs }).catch((error: unknown) => {
    throw new CommandError(
      `${target.authority} presents a certificate that its own CA does not vouch for (${messageOf(error)}); is there a proxy in between?`,
    );
  });
  const description = describeCertificate(pem);
  if (description === undefined) throw new TypeError("a certificate from the handshake is none");
  return description;
}

/** The one CA certificate of a PEM text, without what stands around it. */
export function parseAuthority(text: string, target: TrustTarget): FetchedAuthority {
  const source = `https://${target.authority}/ca.crt`;
  const count = text.split("-----BEGIN ").length - 1;
  const description = describeCertificate(text);
  if (description === undefined) throw new CommandError(`${source} is not a PEM certificate; is this a registry?`);
  if (count !== 1) throw new CommandError(`${source} holds ${count} PEM blocks and not one CA certificate`);
  if (!description.isCa) throw new CommandError(`${source} is not a CA certificate; nothing can be trusted by it`);
  return { pem: `${new X509Certificate(text).toString().trim()}\n`, description };
}

/** By node:https, since fetch would go through a proxy that clients of a registry do not use. */
function getAuthority(target: TrustTarget, timeoutMs: number): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const url = `https://${target.authority}/ca.crt`;
    const options = { rejectUnauthorized: false, agent: false, signal: AbortSignal.timeout(timeoutMs) } as const;
    const request = get(url, options, (response) => {
      readBounded(response)
        .then((text) => resolve({ status: response.statusCode ?? 0, text }))
        .catch(reject)
        .finally(() => request.destroy());
    });
    request.on("error", reject);
  });
}

async function readBounded(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of response) {
    sizeBytes += piece.length;
    if (sizeBytes > maxAuthorityBytes) throw new RangeError(`the answer is larger than ${maxAuthorityBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** The name is checked apart, so that the message can say which names there are. */
function presentedCertificate(
  { name, port }: TrustTarget,
  { caPem, timeoutMs }: { readonly caPem: string; readonly timeoutMs: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const servername = name.kind === "dns" ? { servername: name.value } : {};
    const socket = connect({ host: name.value, port, ...servername, ca: caPem, checkServerIdentity: () => undefined });
    timeout.addEventListener("abort", () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(new X509Certificate(raw).toString());
    });
  });
}

async function classify(error: unknown, target: TrustTarget, timeoutMs: number): Promise<ConnectProblem> {
  const code = errorCode(error) ?? "";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "ENODATA") return { kind: "unresolved" };
  if (code === "ECONNREFUSED") return { kind: "refused" };
  if (code === "ABORT_ERR" || code === "ETIMEDOUT") return { kind: "silent" };
  if (code.startsWith("ERR_SSL") && (await speaksPlainHttp(target, timeoutMs))) return { kind: "plain" };
  return { kind: "other", message: messageOf(error) };
}

function speaksPlainHttp({ authority }: TrustTarget, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { agent: false, signal: AbortSignal.timeout(timeoutMs) } as const;
    const request = getOverHttp(`http://${authority}/v2/`, options, (response) => {
      // A server that only speaks TLS may answer plain text with 400; a registry answers 200 or 401.
      resolve(response.statusCode !== 400);
      request.destroy();
    });
    request.on("error", () => resolve(false));
  });
}
