// How people reach the server: by which name on this machine, and by which on another.
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
}

/** Where to connect. */
export interface ServerAddress {
  /** Scheme, host and port for somebody on this machine. */
  readonly url: string;
  /** Host and port for somebody on another machine; undefined where only this machine can connect. */
  readonly remoteHost: string | undefined;
}

/** Who listens on every interface is "localhost" here, and elsewhere a name that the certificate has too. */
export function describeAddress({ addr, port, certificateNames, machineNames }: AddressFacts): ServerAddress {
  const configured = parseListenAddress(addr)?.hostname;
  const isAnywhere = configured === undefined || configured === "0.0.0.0" || configured === "::";
  const names = certificateNames === undefined || certificateNames.length === 0 ? machineNames : certificateNames;
  const elsewhere = isAnywhere ? names.find((name) => !isLocal(name)) : configured;
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
