// The address a server listens on: host ":" port, as Go writes it.
//
//   ":5000" | "0.0.0.0:5000" | "localhost:5000" | "[::1]:5000"

import { isIPv6 } from "node:net";

/** Where to listen. No host name means every interface; port 0 means any free port. */
export interface ListenAddress {
  readonly hostname: string | undefined;
  readonly port: number;
}

const grammar = /^(?:\[(?<ipv6>[^\]]+)\]|(?<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?))?:(?<port>\d{1,5})$/;
const maxHostnameLength = 253;
const maxPort = 65_535;

/** Parses an address; undefined if the text is not one. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const groups = grammar.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { ipv6, name, port: digits } = groups;
  if (ipv6 !== undefined && !isIPv6(ipv6)) return undefined;
  if (name !== undefined && name.length > maxHostnameLength) return undefined;
  const port = Number(digits);
  return port > maxPort ? undefined : { hostname: ipv6 ?? name, port };
}
