// Fetches a registry's CA over a connection that nothing vouches for yet, and checks that it is the CA behind the
// certificate that the server presents. Only the fingerprint can tell whether it is the right one.
import { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { ConnectionOptions } from "node:tls";
import { nodeHttp, nodeHttps, nodeTls } from "../../lib/late-modules.ts";
import { errorCode, messageOf } from "../../lib/system-error.ts";
import { type CertificateDescription, describeCertificate } from "../../tls/describe.ts";
import { CommandError } from "../command.ts";
import { type ConnectProblem, explainConnectProblem, explainMissingAuthority } from "./advice.ts";
import type { TrustTarget } from "./target.ts";

const maxAuthorityBytes = 64 * 1024;
const defaultTimeoutMs = 10_000;

/** The CA that the registry hands out; undefined if it has none. Throws a CommandError. */
export async function fetchAuthority(
  target: TrustTarget,
  options: { readonly timeoutMs?: number } = {},
): Promise<string | undefined> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const answer = await getAuthority(target, timeoutMs).catch(async (error: unknown) => {
    const problem = await classify(error, target, timeoutMs);
    throw new CommandError(explainConnectProblem(problem, target));
  });
  if (answer.status === 200) return answer.text;
  // A registry that requires a login says so before it says that there is no such file.
  if (answer.status === 404 || answer.status === 401) return undefined;
  throw new CommandError(explainMissingAuthority(answer.status, target));
}

/** The certificate that the server presents, and whether the system's CA store vouches for it under this name. */
export async function fetchPresented(
  target: TrustTarget,
  { timeoutMs = defaultTimeoutMs }: { readonly timeoutMs?: number } = {},
): Promise<{ readonly pem: string; readonly isTrusted: boolean }> {
  const shown = { rejectUnauthorized: false, checkServerIdentity: () => undefined };
  const pem = await presentedCertificate(target, { ...shown, timeoutMs });
  const isTrusted = await presentedCertificate(target, { rejectUnauthorized: true, timeoutMs }).then(
    () => true,
    () => false,
  );
  return { pem: `${pem.trim()}\n`, isTrusted };
}

/** The certificate that the server presents, verified by this CA; throws when it cannot be. */
export async function fetchServerCertificate(
  target: TrustTarget,
  { caPem, timeoutMs = defaultTimeoutMs }: { readonly caPem: string; readonly timeoutMs?: number },
): Promise<CertificateDescription> {
  // The name is checked separately, so that the message can list the names.
  const means = { ca: caPem, rejectUnauthorized: true, checkServerIdentity: () => undefined, timeoutMs };
  const pem = await presentedCertificate(target, means).catch((error: unknown) => {
    throw new CommandError(
      `${target.authority} presents a certificate that this CA does not vouch for (${messageOf(error)}); is there a proxy in between?`,
    );
  });
  const description = describeCertificate(pem);
  if (description === undefined) throw new TypeError("a certificate from the handshake is none");
  return description;
}

/** With node:https, since fetch would go through a proxy that registry clients do not use. */
function getAuthority(target: TrustTarget, timeoutMs: number): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const url = `https://${target.authority}/ca.crt`;
    const options = { rejectUnauthorized: false, agent: false, signal: AbortSignal.timeout(timeoutMs) } as const;
    const request = nodeHttps().get(url, options, (response) => {
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

function presentedCertificate(
  { name, port }: TrustTarget,
  { timeoutMs, ...options }: ConnectionOptions & { readonly timeoutMs: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const servername = name.kind === "dns" ? { servername: name.value } : {};
    const socket = nodeTls().connect({ host: name.value, port, ...servername, ...options });
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
    const request = nodeHttp().get(`http://${authority}/v2/`, options, (response) => {
      // A server that only speaks TLS may answer plain text with 400; a registry answers 200 or 401.
      resolve(response.statusCode !== 400);
      request.destroy();
    });
    request.on("error", () => resolve(false));
  });
}
