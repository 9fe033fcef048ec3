// WWW-Authenticate of an upstream (RFC 9110, section 11.6.1), and where its credentials may go.
import { isIP } from "node:net";

/** What an upstream wants to see. */
export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: URL; readonly service: string | undefined };

const maxHeaderLength = 8192;

/** The challenge that can be met, bearer before basic; undefined where there is none. */
export function parseChallenge(header: string | null): Challenge | undefined {
  const text = (header ?? "").slice(0, maxHeaderLength);
  const bearer = /(?:^|[\s,])bearer\s+(.*)$/is.exec(text)?.[1];
  const realm = bearer === undefined ? null : URL.parse(parameter(bearer, "realm") ?? "");
  if (bearer !== undefined && realm !== null && /^https?:$/.test(realm.protocol)) {
    return { scheme: "bearer", realm, service: parameter(bearer, "service") };
  }
  return /(?:^|[\s,])basic(?:\s|,|$)/i.test(text) ? { scheme: "basic" } : undefined;
}

function parameter(text: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|[\\s,])${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))`, "i").exec(text);
  return match?.[1]?.replace(/\\(.)/g, "$1") ?? match?.[2];
}

/** Where the credentials of an upstream may go. */
export interface Binding {
  readonly home: URL;
  /** Hosts, with a port where they have one, that the operator named. */
  readonly realms: readonly string[];
}

/**
 * Whether a token server may see the credentials: the upstream's own host and port, one that the operator named, or
 * one under the same registrable domain. Whoever runs ghcr.io runs nothing at example.github.io, so the public suffix
 * list decides what is registrable; addresses and bare names are never in one domain with another.
 */
export async function isBoundRealm(realm: URL, { home, realms }: Binding): Promise<boolean> {
  if (home.protocol === "https:" && realm.protocol !== "https:") return false;
  if (realm.host === home.host || realms.some((named) => named === realm.host || named === realm.origin)) return true;
  if ([realm, home].some(({ hostname }) => isIP(hostname.replace(/^\[|\]$/g, "")) !== 0)) return false;
  // 100 KB of suffixes, for who has credentials and a token server elsewhere.
  const { getDomain } = await import("tldts");
  const domain = getDomain(home.hostname, { allowPrivateDomains: true });
  return domain !== null && domain === getDomain(realm.hostname, { allowPrivateDomains: true });
}
