// The names of this machine, for a certificate without configured names.
import { hostname, networkInterfaces } from "node:os";
import { parseSubjectName, type SubjectName, uniqueNames } from "../../lib/subject-names.ts";

const loopbackNames = ["localhost", "127.0.0.1", "::1"];

/** The machine's host name and network interfaces. */
export interface HostFacts {
  readonly hostName: string;
  readonly addresses: readonly string[];
}

/** localhost, the host name and every interface address that another machine could use. */
export function defaultNames(facts: HostFacts = readHostFacts()): SubjectName[] {
  const candidates = [...loopbackNames, facts.hostName, ...facts.addresses.filter((address) => !isLinkLocal(address))];
  return uniqueNames(candidates.flatMap((text) => parseSubjectName(text) ?? []));
}

function readHostFacts(): HostFacts {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return { hostName: hostname(), addresses: interfaces.map(({ address }) => address) };
}

/** Link-local addresses need a zone, which no certificate can name; 169.254 is what a failed DHCP leaves. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address) || address.startsWith("169.254.");
}
