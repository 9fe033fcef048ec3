// The client for a registry that a user names: with the user's credentials, the machine's certificates, and plain HTTP
// where docker would use it.
import { type ClientOptions, RegistryClient } from "../../client/registry-client.ts";
import type { UpstreamCredentials } from "../../client/upstream-token.ts";
import { nodeDns, nodeTls } from "../../lib/late-modules.ts";
import { isLoopbackHost } from "../../lib/loopback.ts";
import { RegistryError } from "../../oci/errors.ts";
import { apiHost } from "../../transfer/host.ts";
import { usesProxy } from "../caches/outward-proxy.ts";
import { findCertificates, listCertificateHomes } from "./certificate-directories.ts";
import { type CredentialOwner, openUserCredentials } from "./credential-files.ts";

/** What opening a client needs from the process. */
export interface RegistryClientDependencies extends CredentialOwner {
  readonly now: () => number;
  /** Plain HTTP, whatever the host. */
  readonly isPlain: boolean;
  /** Instead of those that the user's tools keep. */
  readonly login?: UpstreamCredentials | undefined;
}

const answerMs = 30_000;
/** Of a registry on this machine, to find out whether it speaks TLS. */
const probeMs = 10_000;

/** Opens the client of a registry, by its host as in image names. */
export async function openRegistryClient(
  host: string,
  dependencies: RegistryClientDependencies,
): Promise<RegistryClient> {
  // As docker does, one on this machine is asked without a certificate that is trusted.
  const isLoopback = isLoopbackHost(host);
  const options = optionsFor(host, dependencies);
  const secure = { ...options, url: new URL(`https://${apiHost(host)}`), isUnverified: isLoopback };
  const plain = { ...options, url: new URL(`http://${apiHost(host)}`) };
  if (dependencies.isPlain) return new RegistryClient(plain);
  if (isLoopback && !(await speaksTls(new RegistryClient(secure)))) return new RegistryClient(plain);
  return new RegistryClient(secure);
}

function optionsFor(host: string, dependencies: RegistryClientDependencies): Omit<ClientOptions, "url"> {
  const { env, now, warn, login } = dependencies;
  const directories = listCertificateHomes(env);
  const { authorities, identity } = findCertificates(host, { directories, warn });
  return {
    host,
    ca: [
      ...new Set([...nodeTls().getCACertificates("default"), ...nodeTls().getCACertificates("system"), ...authorities]),
    ].join("\n"),
    identity,
    realms: "any",
    credentials: login === undefined ? openUserCredentials(host, dependencies) : async () => login,
    resolve: async (hostname) => (await nodeDns().lookup(hostname, { all: true })).map(({ address }) => address),
    isProxied: ({ protocol }) => usesProxy(env, protocol),
    answerMs,
    now,
    report: () => undefined,
  };
}

/** False only if something answers that does not speak TLS. */
async function speaksTls(client: RegistryClient): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(probeMs);
    (await client.send({ method: "HEAD", path: "", scopes: [], signal })).cancel();
    return true;
  } catch (error) {
    return !(error instanceof RegistryError && error.code === "UPSTREAM_UNREACHABLE" && isNoTls(error));
  }
}

function isNoTls({ message }: RegistryError): boolean {
  return message.includes("does not speak TLS");
}
