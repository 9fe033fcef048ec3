// The addresses at which the server is reached from this machine and from others.
import { isIPv4, isIPv6 } from "node:net";
import { parseListenAddress } from "../../config/listen-address.ts";

/** What is known of a listening server. */
export interface AddressFacts {
  /** As configured. */
  readonly addr: string;
  /** The actual port, if any free one was requested. */
  readonly port: number;
  /** Undefined: plain HTTP. */
  readonly certificateNames: readonly string[] | undefined;
  /** Host name and addresses of this machine. */
  readonly machineNames: readonly string[];
  /** The host name alone; other machines may not be able to resolve it. */
  readonly hostName: string;
}

/** Where to connect. */
export interface ServerAddress {
  /** Scheme, host and port for this machine. */
  readonly url: string;
  /** Host and port for other machines; undefined if only this machine can connect. */
  readonly remoteHost: string | undefined;
}

/**
 * A server that listens on every interface is "localhost" here. For other machines it has a name that is in the
 * certificate too: a configured one, else an address of this machine, and the host name only as a last resort.
 */
export function describeAddress({ addr, port, certificateNames, machineNames, hostName }: AddressFacts): ServerAddress {
  const configured = parseListenAddress(addr)?.hostname;
  const isAnywhere = configured === undefined || configured === "0.0.0.0" || configured === "::";
  const names = certificateNames === undefined || certificateNames.length === 0 ? machineNames : certificateNames;
  const rank = (name: string) => (name === hostName ? 3 : isIPv4(name) ? 1 : isIPv6(name) ? 2 : 0);
  const candidates = names.filter((name) => !isLocal(name)).sort((one, other) => rank(one) - rank(other));
  const elsewhere = isAnywhere ? candidates[0] : configured;
  // Clients on this machine would refuse a certificate without the name.
  const isForLocalhost = elsewhere === undefined || names.includes("localhost");
  const here = isForLocalhost ? "localhost" : elsewhere;
  const withPort = (host: string) => `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    url: `${certificateNames === undefined ? "http" : "https"}://${withPort(isAnywhere ? here : configured)}`,
    remoteHost: elsewhere === undefined || isLocal(elsewhere) ? undefined : withPort(elsewhere),
  };
}

function isLocal(name: string): boolean {
  return name === "localhost" || name === "::1" || name.startsWith("127.") || name.startsWith("*.");
}
