// What serve prints when it is ready: where it is, and what to type next. In 80 columns, except for longer commands.
import type { CertificateSource } from "../app/certificates/certificate-source.ts";
import type { App } from "../app.ts";
import type { ProxyConfiguration } from "../config/proxy-section.ts";
import { formatSubjectNames } from "../lib/subject-names.ts";
import { formatDay } from "../tls/describe.ts";
import { suggestCommands, suggestForOthers } from "./banner-commands.ts";

/**
 * Lines for the person who started the server. `isCaPrivate`: the reader is another user, who cannot read the CA's
 * file.
 */
export function formatBanner(app: App, version: string, { isCaPrivate } = { isCaPrivate: false }): string {
  const lines = [
    `registry ${version} listening on ${app.url}`,
    "",
    ...row("data", app.place),
    ...describeCaches(app),
    ...describeTls(app.certificate),
    "",
    "Try it:",
    ...suggestCommands(app, isCaPrivate).map((command) => `  ${command}`),
    ...suggestForOthers(app),
    "",
    ...wrap(describeAccess(app), 0),
    "",
  ];
  return `${lines.join("\n")}\n`;
}

const maxColumns = 80;
const labelColumns = 13;

/** A value after its label, on as many lines as necessary. */
function row(label: string, value: string): readonly string[] {
  const [first = "", ...more] = wrap(value, labelColumns + 2);
  return [`  ${label.padEnd(labelColumns)}${first.trimStart()}`, ...more];
}

/** Wrapped at spaces, indented. */
function wrap(text: string, indent: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > maxColumns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((one) => `${" ".repeat(indent)}${one}`);
}

function describeCaches({ configuration: { proxy } }: App): readonly string[] {
  if (proxy === undefined) return [];
  const others = proxy.others.flatMap(({ host, remoteurl }) =>
    row("caches", `${remoteurl} below ${host.replace(":", "-")}/`),
  );
  return proxy.main === undefined ? others : [...row("caches", proxy.main.remoteurl), ...others];
}

function describeTls(certificate: CertificateSource | undefined): readonly string[] {
  if (certificate === undefined) return row("plain HTTP", "nothing is encrypted");
  const { names, subject, notAfterMs } = certificate.description();
  const shown = row("certificate", `${formatSubjectNames(names) || subject} (until ${formatDay(notAfterMs)})`);
  const { authority } = certificate;
  if (authority === undefined) return shown;
  return [...shown, ...row("authority", authority.path), ...row("SHA-256", inTwo(authority.description().fingerprint))];
}

/** A fingerprint with a space in the middle, where it may wrap. */
function inTwo(fingerprint: string): string {
  return fingerprint.replace(/^((?:..:){16})/, "$1 ");
}

function describeAccess(app: App): string {
  const { configuration, url, remoteHost, access } = app;
  const { proxy, storage, auth } = configuration;
  if (access?.madeUser !== undefined) {
    const { name, password, path } = access.madeUser;
    return `There was no file of users. Log in as ${name} with the password ${password} (shown only now; \`registry passwd ${name} --file ${path}\` changes it).`;
  }
  if (access !== undefined) {
    const isOpen = configuration.access.anonymous.length > 0;
    return `${describeLogin(access.hasUsers, auth.token.isOn)}; anybody else may ${isOpen ? "do what access.anonymous allows" : "do nothing"}.`;
  }
  const isPullOnly = storage.maintenance.readonly.enabled || (proxy !== undefined && isCacheOnly(proxy));
  const actions = isPullOnly ? "pull" : storage.delete.enabled ? "pull, push and delete" : "pull and push";
  return `Anybody who reaches ${remoteHost ?? url.slice(url.indexOf("//") + 2)} may ${actions}${lendRights(proxy)}.${isPullOnly ? "" : adviseLogin(app)}`;
}

function describeLogin(hasUsers: boolean, hasTokenServer: boolean): string {
  if (hasTokenServer) return "Tokens come from auth.token.realm";
  return hasUsers ? "Users log in with `docker login`" : "The jobs of access.oidc log in with their tokens";
}

function adviseLogin({ isConfigured }: App): string {
  const what = isConfigured ? "Set auth.htpasswd" : "Run `registry passwd USER`";
  return ` ${what} and restart, and they have to log in.`;
}

/** Every repository comes from an upstream. */
function isCacheOnly({ main, local }: ProxyConfiguration): boolean {
  return main !== undefined && local.length === 0;
}

/** The upstream accounts that everybody's pulls use. */
function lendRights(proxy: ProxyConfiguration | undefined): string {
  const upstreams = proxy === undefined ? [] : [...(proxy.main === undefined ? [] : [proxy.main]), ...proxy.others];
  const accounts = upstreams.flatMap(({ host, username, exec }) =>
    username === undefined && exec === undefined ? [] : [`${username ?? "the helper's user"} at ${host}`],
  );
  return accounts.length === 0 ? "" : `, with the rights of ${accounts.join(" and ")}`;
}
