// Keys that are valid alone but make no sense together.

import { isLoopbackHost } from "../lib/loopback.ts";
import type { Flags } from "./flags.ts";
import { parseListenAddress } from "./listen-address.ts";
import { formatOrigin } from "./origin.ts";
import type { Configuration } from "./schema.ts";
import type { Settings } from "./settings.ts";

/** What the writer of a configuration should know, one line each. */
export function listWarnings(configuration: Configuration, settings: Settings, flags: Flags): readonly string[] {
  const { http, proxy } = configuration;
  const { certificate, selfsigned, ciphersuites } = http.tls;
  const isWritten = (path: string) => settings.get(path)?.origin.kind !== "default";
  const warnings: string[] = [];
  const warn = (isOdd: boolean, path: string, sentence: string) => {
    const { origin = { kind: "default" } as const } = settings.get(path) ?? {};
    if (isOdd && isWritten(path)) warnings.push(`${formatOrigin(origin)}: ${path}: ${sentence}`);
  };
  if (flags.http !== undefined) {
    if (flags.san !== undefined) warnings.push("--san has no effect with --http, which uses no certificate");
  } else {
    const oldest = String(settings.get("http.tls.minimumtls")?.written).toLowerCase();
    const isOld = oldest === "tls1.0" || oldest === "tls1.1";
    warn(isOld, "http.tls.minimumtls", `${oldest} is not offered any more; the oldest version is tls1.2`);
    const refused = ciphersuites?.refused ?? [];
    const weak = `not offered, since they lack forward secrecy or authenticated encryption: ${refused.join(", ")}`;
    warn(refused.length > 0, "http.tls.ciphersuites", weak);
    warn(oldest === "tls1.3", "http.tls.ciphersuites", "no effect with minimumtls: tls1.3, which has its own");
    const isPlain = certificate === undefined && !selfsigned.isOn;
    const noTls = "no effect, since http.tls has neither certificate nor selfsigned: plain HTTP";
    warn(isPlain, "http.tls.minimumtls", noTls);
    const isUnused = certificate !== undefined && selfsigned.isOn;
    warn(isUnused, "http.tls.selfsigned", "no effect, since http.tls.certificate is used");
  }
  const isUnserved = http.debug.prometheus.enabled && http.debug.addr === undefined;
  warn(isUnserved, "http.debug.prometheus.enabled", "no effect without http.debug.addr, where metrics are served");
  const noUrl =
    "not a URL with http or https and without user, query and fragment, such as https://registry.example.com";
  warn(http.host === undefined, "http.host", `ignored, and Location headers are relative, since it is ${noUrl}`);
  for (const key of ["username", "password", "exec.command", "ca", "local"]) {
    warn(proxy?.main === undefined, `proxy.${key}`, "no effect without proxy.remoteurl");
  }
  const unreachable =
    "clients are sent there for blobs, and only this machine reaches it: say in redirectendpoint where they find the " +
    "store, or set storage.redirect.disable: true";
  warn(redirectsNowhere(configuration), "storage.s3.regionendpoint", unreachable);
  return warnings;
}

/** Whether clients on other machines are sent to this one's own address. */
function redirectsNowhere({ http, storage }: Configuration): boolean {
  const { isOn, regionendpoint = "", redirectendpoint } = storage.s3;
  if (!isOn || storage.redirect.disable || redirectendpoint !== undefined) return false;
  const endpoint = URL.parse(regionendpoint.includes("://") ? regionendpoint : `https://${regionendpoint}`);
  const { hostname } = parseListenAddress(http.addr) ?? {};
  return isLoopbackHost(endpoint?.host ?? "") && !isLoopbackHost(hostname ?? "");
}
