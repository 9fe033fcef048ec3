// What `registry trust` tells its user: why a CA could not be fetched or used, and what to do next.
import { formatSubjectNames, type SubjectName } from "../lib/subject-names.ts";
import type { TrustClient } from "./trust-places.ts";
import type { TrustTarget } from "./trust-target.ts";

/** How a connection failed. */
export type ConnectProblem =
  | { readonly kind: "unresolved" | "refused" | "silent" | "plain" }
  | { readonly kind: "other"; readonly message: string };

/** What to tell about a connection that did not come about. */
export function explainConnectProblem(problem: ConnectProblem, target: TrustTarget): string {
  const { authority, name } = target;
  switch (problem.kind) {
    case "unresolved":
      return `the name ${name.value} does not resolve on this machine; give the registry's IP address instead, or add the name to the DNS, or a line "ADDRESS ${name.value}" to /etc/hosts`;
    case "refused":
      return `nothing answers at ${authority}; is the registry running?${portHint(target)}`;
    case "silent":
      return `no answer from ${authority} in time; is the address right, and is there a firewall in between?${portHint(target)}`;
    case "plain":
      return explainPlainHttp(target);
    case "other":
      return `no CA from ${authority}: ${problem.message}${portHint(target)}`;
  }
}

/** What to tell when the server answers, but without a CA. */
export function explainMissingAuthority(status: number, target: TrustTarget): string {
  const { authority, directoryName } = target;
  if (status !== 404) return `https://${authority}/ca.crt was answered with status ${status}; is this a registry?`;
  return `https://${authority} has no /ca.crt: its certificate was configured, not made by the registry. If a well-known CA signed it, there is nothing to do; else ask its operator for the CA and copy it to /etc/docker/certs.d/${directoryName}/ca.crt${portHint(target)}`;
}

/** What to tell when the certificate does not stand for the name that clients will use. */
export function explainUncoveredName(names: readonly SubjectName[], { name }: TrustTarget): string {
  return `the certificate is for ${formatSubjectNames(names)} and not for ${name.value}, so clients would refuse it; use one of those names, or start the registry with \`registry serve --san ${name.value}\``;
}

/** What to know and type now. */
export function formatTrustNotes({ directoryName, name }: TrustTarget, clients: readonly TrustClient[]): string[] {
  const puller = clients.includes("docker") ? "docker" : clients.includes("podman") ? "podman" : undefined;
  const notes = [puller === undefined ? "" : `Now it works, without a restart: ${puller} pull ${directoryName}/NAME`];
  if (clients.includes("containerd")) {
    notes.push(
      'containerd reads its part if /etc/containerd/config.toml has config_path = "/etc/containerd/certs.d" in the registry section.',
    );
  }
  if (clients.includes("system")) {
    notes.push("Programs that run already, docker among them, read the system's store when they are restarted.");
  }
  if (puller === "docker" && name.kind === "dns" && directoryName !== "localhost" && !/[.:]/.test(directoryName)) {
    notes.push(`Docker takes ${directoryName}/NAME for an image of Docker Hub: use a host name with a dot, or a port.`);
  }
  return notes.filter((note) => note !== "");
}

function explainPlainHttp({ authority, directoryName }: TrustTarget): string {
  return `${authority} speaks plain HTTP, so there is no certificate to trust. Serve HTTPS (\`registry serve\` without --http), or let the clients do without:
  docker      in /etc/docker/daemon.json, then restart docker:
                { "insecure-registries": ["${directoryName}"] }
  containerd  in /etc/containerd/certs.d/${directoryName}/hosts.toml:
                server = "http://${directoryName}"
  podman      in /etc/containers/registries.conf.d/registry.conf:
                [[registry]]
                location = "${directoryName}"
                insecure = true`;
}

function portHint({ isPortGiven, directoryName }: TrustTarget): string {
  return isPortGiven ? "" : ` (without a port it is 443; try \`registry trust ${directoryName}:5000\`)`;
}
