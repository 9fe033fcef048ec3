// The commands that the start message suggests: on this machine, and on those that are to use the registry.
import { isIP } from "node:net";
import type { App } from "../app.ts";
import { isDockerHub } from "../proxy/routing.ts";

const maxColumns = 78;

/** What to type on this machine. `caPath`: where whoever reads it can read the CA, if anywhere. */
export function suggestCommands(app: App, caPath: string | undefined): readonly string[] {
  return [...suggestDocker(app.configuration, withoutScheme(app.url)), ...suggestCurl(app, caPath)];
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
  const isCacheOnly = proxy?.main !== undefined && proxy.local.length === 0;
  if (isCacheOnly) {
    const { host: upstream } = proxy.main;
    return [`docker pull ${host}/${isDockerHub(upstream) ? "library/busybox" : `<a repository of ${upstream}>`}`];
  }
  // Beside a cache of everything else, only what is local can be pushed to.
  const [glob] = proxy?.main === undefined ? [] : proxy.local;
  const image = `${host}/${glob === undefined ? "busybox" : glob.replace(/\*+/g, "busybox")}`;
  if (storage.isReadOnly) return [`docker pull ${image}`];
  return ["docker pull busybox", `docker tag busybox ${image}`, `docker push ${image}`];
}

/** As few words as the certificate in use allows; on two lines where one would be too long. */
function suggestCurl({ configuration, url, certificate }: App, caPath: string | undefined): readonly string[] {
  const target = `${url}${configuration.http.prefix}v2/_catalog`;
  const { hostname, port } = new URL(url);
  const isName = isIP(hostname.replace(/^\[|\]$/g, "")) === 0 && hostname !== "localhost";
  // A name of the certificate's that this machine may not be able to look up.
  const resolve = certificate !== undefined && isName ? [`--resolve ${hostname}:${port || 443}:127.0.0.1`] : [];
  const isOwn = certificate?.authority !== undefined;
  const fetched = isOwn && caPath === undefined ? [`curl -sSk ${url}/ca.crt -o ca.crt`] : [];
  const trusted = isOwn ? (caPath ?? "ca.crt") : certificate?.selfSignedPath;
  // No client but one that does not look can be content with a certificate without names.
  const trust =
    certificate?.description().names.length === 0
      ? ["-k"]
      : trusted === undefined
        ? []
        : [`--cacert ${quote(trusted)}`];
  const words = ["curl", ...trust, ...resolve];
  const line = `${words.join(" ")} ${target}`;
  return [...fetched, ...(line.length <= maxColumns ? [line] : [`${words.join(" ")} \\`, `  ${target}`])];
}

/** What docker has to be told that it cannot find out: plain HTTP, and a mirror of Docker Hub. */
function describeDaemonJson({ configuration, certificate, remoteHost }: App, host: string): readonly string[] {
  const main = configuration.proxy?.main;
  const scheme = certificate === undefined ? "http" : "https";
  const entries = [
    ...(main !== undefined && isDockerHub(main.host) ? [`"registry-mirrors": ["${scheme}://${host}"]`] : []),
    // Docker takes every registry on the loopback addresses as one without TLS.
    ...(certificate === undefined && remoteHost !== undefined ? [`"insecure-registries": ["${host}"]`] : []),
  ];
  return entries.length === 0 ? [] : `{ ${entries.join(",\n  ")} }`.split("\n");
}

function withoutScheme(url: string): string {
  return url.slice(url.indexOf("//") + 2);
}

/** For a shell. */
function quote(path: string): string {
  return /^[\w./@%+:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
