// Hosts that only this machine reaches. Pure.
import { isIP } from "node:net";

/** The name without the port and without brackets; an IPv6 address may come without them, too. */
export function hostnameOf(host: string): string {
  if (isIP(host) === 6) return host;
  return host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}

/** Whether the host, with a port or without, is this machine itself. */
export function isLoopbackHost(host: string): boolean {
  const name = hostnameOf(host);
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isIP(name) === 4 ? name.startsWith("127.") : name === "::1";
}
