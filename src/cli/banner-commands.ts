// The commands that the start message suggests, for this machine and for the registry's clients.
import { isIP } from "node:net";
import type { App } from "../app.ts";
import { listUncoveredNames, parseSubjectName, type SubjectName } from "../lib/subject-names.ts";
import { isDockerHub } from "../proxy/routing.ts";

/** What to type on this machine. `isCaPrivate`: the reader is another user, who cannot read the CA's file. */
export function suggestCommands(app: App, isCaPrivate: boolean): readonly string[] {
  return [...suggestDocker(app.configuration, withoutScheme(app.url)), suggestCurl(app, isCaPrivate)];
}

/** What other machines need, each in its own paragraph. */
export function suggestForOthers(app: App): readonly string[] {
  const { certificate, remoteHost, url } = app;
  const needsTrust = certificate?.authority !== undefined || certificate?.selfSignedPath !== undefined;
  const daemon = describeDaemonJson(app, remoteHost ?? withoutScheme(url));
  return [
    ...(needsTrust && remoteHost !== undefined
      ? ["", "On every other machine that is to use it:", `  sudo registry trust ${remoteHost}`]
      : []),
    ...(daemon.length === 0
      ? []
      : ["", "In /etc/docker/daemon.json of every docker that is to use it:", ...daemon.map((line) => `  ${line}`)]),
  ];
}

function suggestDocker({ proxy, storage }: App["configuration"], host: string): readonly string[] {
  const main = proxy?.main;
  if (main !== undefined && proxy?.local.length === 0) {
    const { host: upstream } = main;
    return [`docker pull ${host}/${isDockerHub(upstream) ? "library/busybox" : `<a repository of ${upstream}>`}`];
  }
  // With a cache of everything else, only local repositories can be pushed to.
  const [glob] = main === undefined ? [] : (proxy?.local ?? []);
  const image = `${host}/${glob === undefined ? "busybox" : glob.replace(/\*+/g, "busybox")}`;
  if (storage.maintenance.readonly.enabled) return [`docker pull ${image}`];
  return ["docker pull busybox", `docker tag busybox ${image}`, `docker push ${image}`];
}

/** On one line, however long, so that it can be copied. */
function suggestCurl({ configuration, url, certificate }: App, isCaPrivate: boolean): string {
  const { hostname, port } = new URL(url);
  const listening = hostname.replace(/^\[|\]$/g, "");
  const name = coveredName(listening, certificate?.description().names ?? []);
  const target = `${url.replace(hostname, name ?? hostname)}${configuration.http.prefix}v2/_catalog`;
  // This machine may not be able to resolve a name in the certificate.
  const address = isIP(listening) === 0 ? "127.0.0.1" : hostname;
  const isKnown = certificate === undefined || name === undefined || name === "localhost";
  const resolve = isKnown ? [] : [`--resolve ${name}:${port || 443}:${address}`];
  const { authority, selfSignedPath } = certificate ?? {};
  const trusted = authority?.path ?? selfSignedPath;
  // Only a client that does not verify accepts a certificate without names.
  const isNameless = certificate?.description().names.length === 0;
  const trust = isNameless ? ["-k"] : trusted === undefined ? [] : [`--cacert ${quote(trusted)}`];
  const curl = authority !== undefined && isCaPrivate ? "sudo curl" : "curl";
  return [curl, ...trust, ...resolve, target].join(" ");
}

/** The host name to use: the listening one, unless the certificate is only for others. */
function coveredName(listening: string, names: readonly SubjectName[]): string | undefined {
  const wanted = parseSubjectName(listening);
  const isCovered = wanted === undefined || names.length === 0 || listUncoveredNames([wanted], names).length === 0;
  if (isCovered) return isIP(listening) === 0 ? listening : undefined;
  return names.find(({ kind, value }) => kind === "dns" && !value.startsWith("*"))?.value;
}

/** What docker has to be told: plain HTTP, and a mirror of Docker Hub. */
function describeDaemonJson({ configuration, certificate, remoteHost }: App, host: string): readonly string[] {
  const main = configuration.proxy?.main;
  const scheme = certificate === undefined ? "http" : "https";
  const entries = [
    ...(main !== undefined && isDockerHub(main.host) ? [`"registry-mirrors": ["${scheme}://${host}"]`] : []),
    // Docker allows plain HTTP for every registry on a loopback address.
    ...(certificate === undefined && remoteHost !== undefined ? [`"insecure-registries": ["${host}"]`] : []),
  ];
  return entries.length === 0 ? [] : `{ ${entries.join(",\n  ")} }`.split("\n");
}

function withoutScheme(url: string): string {
  return url.slice(url.indexOf("//") + 2);
}

/** Quoted for a shell. */
function quote(path: string): string {
  return /^[\w./@%+:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
