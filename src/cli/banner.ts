// What serve prints when it is ready: where it is, and what to type next.
import type { CertificateSource } from "../app/certificates.ts";
import type { App } from "../app.ts";
import type { ProxyConfiguration } from "../config/configuration.ts";
import { formatSubjectNames } from "../lib/subject-names.ts";
import { isDockerHub } from "../proxy/routing.ts";
import { formatDay } from "../tls/describe.ts";

/** Lines for the person who started the server. */
export function formatBanner(app: App, version: string): string {
  const lines = [
    `registry ${version} listening on ${app.url}`,
    "",
    `  data         ${app.dataDirectory}`,
    ...describeCaches(app),
    ...describeTls(app.certificate),
    "",
    "Try it:",
    ...suggestCommands(app).map((command) => `  ${command}`),
    "",
    warnAboutAccess(app),
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function describeCaches({ configuration: { proxy } }: App): readonly string[] {
  if (proxy === undefined) return [];
  const others = proxy.others.map(({ host, url }) => `  caches       ${url} below ${host.replace(":", "-")}/`);
  return proxy.main === undefined ? others : [`  caches       ${proxy.main.url}`, ...others];
}

function describeTls(certificate: CertificateSource | undefined): readonly string[] {
  if (certificate === undefined)
    return ["  plain HTTP   clients other than localhost need it among their insecure registries"];
  const { names, subject, notAfterMs } = certificate.description();
  const shown = `  certificate  ${formatSubjectNames(names) || subject} (until ${formatDay(notAfterMs)})`;
  const { authority } = certificate;
  if (authority === undefined) return [shown];
  return [shown, `  authority    ${authority.path}`, `               SHA-256 ${authority.description().fingerprint}`];
}

function suggestCommands({ configuration, url, remoteHost, certificate }: App): readonly string[] {
  const host = url.slice(url.indexOf("//") + 2);
  const authority = certificate?.authority;
  const trust = `registry trust ${remoteHost}    # on every other machine that is to use it`;
  return [
    ...suggestDocker(configuration, host),
    `curl ${authority === undefined ? "" : `--cacert ${authority.path} `}${url}${configuration.http.prefix}v2/_catalog`,
    ...(authority === undefined || remoteHost === undefined ? [] : [trust]),
  ];
}

function suggestDocker({ proxy, storage }: App["configuration"], host: string): readonly string[] {
  if (proxy?.main !== undefined && isCacheOnly(proxy)) {
    return [
      `docker pull ${host}/${isDockerHub(proxy.main.host) ? "library/busybox" : `<a repository of ${proxy.main.host}>`}`,
    ];
  }
  // Beside a cache of everything else, only what is local can be pushed to.
  const [glob] = proxy?.main === undefined ? [] : proxy.local;
  const image = `${host}/${glob === undefined ? "busybox" : glob.replace(/\*+/g, "busybox")}`;
  if (storage.isReadOnly) return [`docker pull ${image}`];
  return [`docker tag busybox ${image}`, `docker push ${image}`];
}

function warnAboutAccess({ configuration, url, remoteHost }: App): string {
  const { proxy, storage } = configuration;
  const { isReadOnly, isDeleteEnabled } = storage;
  const isPullOnly = isReadOnly || (proxy !== undefined && isCacheOnly(proxy));
  const actions = isPullOnly ? "pull" : isDeleteEnabled ? "pull, push and delete" : "pull and push";
  return `Anybody who reaches ${remoteHost ?? url.slice(url.indexOf("//") + 2)} may ${actions}${lendRights(proxy)}.`;
}

/** Every repository comes from elsewhere. */
function isCacheOnly({ main, local }: ProxyConfiguration): boolean {
  return main !== undefined && local.length === 0;
}

/** The accounts in whose name everybody pulls. */
function lendRights(proxy: ProxyConfiguration | undefined): string {
  const upstreams = proxy === undefined ? [] : [...(proxy.main === undefined ? [] : [proxy.main]), ...proxy.others];
  const accounts = upstreams.flatMap(({ host, username, exec }) =>
    username === undefined && exec === undefined ? [] : [`${username ?? "the helper's user"} at ${host}`],
  );
  return accounts.length === 0 ? "" : `, with the rights of ${accounts.join(" and ")}`;
}
