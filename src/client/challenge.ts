// WWW-Authenticate of an upstream (RFC 9110, section 11.6.1), and where its credentials may go.
import { isIP } from "node:net";

/** What an upstream asks for. */
export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: URL; readonly service: string | undefined };

/** Longer than any upstream needs. */
const maxHeaderLength = 8192;
/** A scheme or a parameter, with its value if it has one. */
const word = /[\s,]*([^\s,="]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/y;

/** The challenge that we can meet, Bearer rather than Basic; undefined if there is none. */
export function parseChallenge(header: string | null): Challenge | undefined {
  const schemes = readSchemes((header ?? "").slice(0, maxHeaderLength));
  const bearer = schemes.get("bearer");
  const realm = URL.parse(bearer?.get("realm") ?? "");
  if (bearer !== undefined && realm !== null && ["http:", "https:"].includes(realm.protocol)) {
    return { scheme: "bearer", realm, service: bearer.get("service") };
  }
  return schemes.has("basic") ? { scheme: "basic" } : undefined;
}

/** Each scheme with its parameters, in lower case. A word without a value begins a scheme. */
function readSchemes(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const schemes = new Map<string, Map<string, string>>();
  let parameters = new Map<string, string>();
  const words = new RegExp(word);
  for (let match = words.exec(text); match !== null; match = words.exec(text)) {
    const [, name = "", quoted, bare] = match;
    const value = quoted?.replace(/\\(.)/gs, "$1") ?? bare;
    if (value === undefined) {
      parameters = new Map();
      schemes.set(name.toLowerCase(), parameters);
    } else parameters.set(name.toLowerCase(), value);
  }
  return schemes;
}

/** Where the credentials of an upstream may go. */
export interface Binding {
  readonly home: URL;
  /**
   * Hosts that the operator named, with a port if they have one. "any": whoever the registry names, as docker and its
   * kin have it; for a person's own commands, not for a server that anybody may make ask.
   */
  readonly realms: readonly string[] | "any";
}

/**
 * Whether a token server may see the credentials: one at the upstream's own host and port, one that the operator named,
 * or one under the same registrable domain. The public suffix list decides what is registrable, since example.github.io
 * does not belong to the operator of ghcr.io; an address or a bare name shares its domain with no other.
 */
export async function isBoundRealm(realm: URL, { home, realms }: Binding): Promise<boolean> {
  if (home.protocol === "https:" && realm.protocol !== "https:") return false;
  if (
    realms === "any" ||
    realm.host === home.host ||
    realms.some((named) => named === realm.host || named === realm.origin)
  )
    return true;
  if ([realm, home].some(({ hostname }) => isIP(hostname.replace(/^\[|\]$/g, "")) !== 0)) return false;
  // 100 KB of suffixes, loaded only for credentials with a token server elsewhere.
  const { getDomain } = await import("tldts");
  const domain = getDomain(home.hostname, { allowPrivateDomains: true });
  return domain !== null && domain === getDomain(realm.hostname, { allowPrivateDomains: true });
}
