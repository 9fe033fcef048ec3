// Hosts that only this machine reaches. Pure.
import { isIP } from "node:net";

/** The name without the port and without brackets. */
export function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}

/** Whether a registry is on this machine: as docker does, such a one is asked without a certificate that is trusted. */
export function isLoopbackHost(host: string): boolean {
  const name = hostnameOf(host);
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isIP(name) === 4 ? name.startsWith("127.") : name === "::1";
}
