// The advice of `registry trust`: why a CA could not be fetched or used, and what to do next.
import { quoteStranger } from "../../lib/quoted.ts";
import { formatSubjectNames, type SubjectName } from "../../lib/subject-names.ts";
import { type CertificateDescription, describeCertificate } from "../../tls/describe.ts";
import type { TrustClient } from "./places.ts";
import type { TrustTarget } from "./target.ts";

/** How a connection failed. */
export type ConnectProblem =
  | { readonly kind: "unresolved" | "refused" | "silent" | "plain" }
  | { readonly kind: "other"; readonly message: string };

/** Advice about a connection that could not be made. */
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

/** Advice when the server answers, but neither with a CA nor that there is none. */
export function explainMissingAuthority(status: number, { authority }: TrustTarget): string {
  return `https://${authority}/ca.crt was answered with status ${status}; is this a registry?`;
}

/**
 * Advice when the certificate was signed by a CA that the registry does not hand out and this machine does not trust.
 */
export function explainForeignAuthority(issuer: string, { authority, directoryName }: TrustTarget): string {
  return `https://${authority} does not hand out its CA, which is ${quoteStranger(issuer)}; get that CA's certificate from the registry's operator, and give it: registry trust ${directoryName} --ca FILE`;
}

/** Advice when this machine's CA store already trusts the certificate. */
export function explainTrusted({ authority }: TrustTarget): string {
  return `https://${authority} has a certificate that this machine trusts already: there is nothing to do`;
}

/** Advice when the certificate is not for the name that clients will use. */
export function explainUncoveredName(
  { names, subject }: { readonly names: readonly SubjectName[]; readonly subject: string },
  { name }: TrustTarget,
): string {
  if (names.length === 0) {
    return `the certificate names its host only in its subject (${quoteStranger(subject)}), which docker and every other Go client refuse; make one with subject alternative names, for example with \`registry gencert --san ${name.value}\``;
  }
  return `the certificate is for ${formatSubjectNames(names)} and not for ${name.value}, so clients would refuse it; use one of those names, or start the registry with \`registry serve --san ${name.value}\``;
}

/** What to check before another CA replaces one that was trusted. */
export function warnAboutReplacement(
  replaced: readonly string[],
  offered: CertificateDescription,
  { authority }: TrustTarget,
): string {
  const before = replaced.map((pem) => describeCertificate(pem)?.fingerprint ?? "a certificate that cannot be read");
  return `${[
    `WARNING: THE CA OF ${authority} IS ANOTHER ONE THAN BEFORE.`,
    "Either the registry was set up anew, or somebody answers in its place.",
    ...before.map((fingerprint) => `  trusted now  ${fingerprint}`),
    `  offered      ${offered.fingerprint}`,
  ].join("\n")}\n\n`;
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
                [host."http://${directoryName}"]
  podman      in /etc/containers/registries.conf.d/registry.conf:
                [[registry]]
                location = "${directoryName}"
                insecure = true`;
}

function portHint({ isPortGiven, directoryName }: TrustTarget): string {
  return isPortGiven ? "" : ` (without a port it is 443; try \`registry trust ${directoryName}:5000\`)`;
}
