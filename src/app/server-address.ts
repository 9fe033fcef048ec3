// How people reach the server: by which name on this machine, and by which on another.
import { isIPv4, isIPv6 } from "node:net";
import { parseListenAddress } from "../config/listen-address.ts";

/** What is known of a server that listens. */
export interface AddressFacts {
  /** As configured. */
  readonly addr: string;
  /** As it turned out, where any free one was asked for. */
  readonly port: number;
  /** Undefined: plain HTTP. */
  readonly certificateNames: readonly string[] | undefined;
  /** Host name and addresses of this machine. */
  readonly machineNames: readonly string[];
  /** The host name alone: nobody knows whether other machines can look it up. */
  readonly hostName: string;
}

/** Where to connect. */
export interface ServerAddress {
  /** Scheme, host and port for somebody on this machine. */
  readonly url: string;
  /** Host and port for somebody on another machine; undefined where only this machine can connect. */
  readonly remoteHost: string | undefined;
}

/**
 * Who listens on every interface is "localhost" here. Elsewhere it is a name that the certificate has too: one that
 * somebody chose, else an address of this machine, and its host name only where there is nothing else.
 */
export function describeAddress({ addr, port, certificateNames, machineNames, hostName }: AddressFacts): ServerAddress {
  const configured = parseListenAddress(addr)?.hostname;
  const isAnywhere = configured === undefined || configured === "0.0.0.0" || configured === "::";
  const names = certificateNames === undefined || certificateNames.length === 0 ? machineNames : certificateNames;
  const rank = (name: string) => (name === hostName ? 3 : isIPv4(name) ? 1 : isIPv6(name) ? 2 : 0);
  const candidates = names.filter((name) => !isLocal(name)).sort((one, other) => rank(one) - rank(other));
  const elsewhere = isAnywhere ? candidates[0] : configured;
  // Clients on this machine would refuse a certificate that does not have the name.
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
