// Keys of distribution that this version does not have. Most are harmless to ignore; those that protect something
// or say where data lies are refused, so that nothing is served open or stored elsewhere by accident.

/** A key, or a whole section, that has no entry in the table of keys. */
export type ForeignKey =
  /** Said in one warning for each top-level section. */
  | { readonly path: string; readonly effect: "ignored" }
  /** Not worth a word. */
  | { readonly path: string; readonly effect: "silent" }
  /** An error where it is `named` at all, or only where it is `set` to more than nothing and `allowed`. */
  | {
      readonly path: string;
      readonly effect: "refused";
      readonly refusedWhen: "named" | "set";
      readonly allowed?: string;
      readonly problem: string;
    };

const noDriver = "this version has no such storage driver; the one it has is filesystem";
const noAuth = "this version has no authentication, and does not serve openly what was protected; allowed is none";

function ignored(...paths: readonly string[]): readonly ForeignKey[] {
  return paths.map((path) => ({ path, effect: "ignored" }));
}

function silent(...paths: readonly string[]): readonly ForeignKey[] {
  return paths.map((path) => ({ path, effect: "silent" }));
}

function refusedNames(problem: string, ...paths: readonly string[]): readonly ForeignKey[] {
  return paths.map((path) => ({ path, effect: "refused", refusedWhen: "named", problem }));
}

function refusedValue(path: string, problem: string, allowed?: string): ForeignKey {
  const refusal = { path, effect: "refused", refusedWhen: "set", problem } as const;
  return allowed === undefined ? refusal : { ...refusal, allowed };
}

const driverNames = ["s3", "s3aws", "gcs", "azure", "swift", "oss", "inmemory"].map((name) => `storage.${name}`);

/** Every known key without an effect. */
export const foreignKeys: readonly ForeignKey[] = [
  ...ignored("log.fields", "log.accesslog", "log.reportcaller", "log.hooks"),
  ...ignored("storage.cache", "storage.redirect", "storage.tag"),
  ...refusedNames(noDriver, ...driverNames),
  ...silent("auth.none"),
  ...refusedNames(noAuth, "auth.silly", "auth.htpasswd", "auth.token"),
  refusedValue("access", "this version has no access rules, and does not serve openly what was protected"),
  ...ignored("middleware", "reporting", "notifications", "redis", "health", "policy"),
  ...ignored("compatibility", "http.http2", "http.h2c", "http.tls.ciphersuites"),
  ...silent("http.secret"),
  refusedValue("http.net", "must be tcp; this version does not listen on sockets of other kinds", "tcp"),
  refusedValue("http.tls.clientcas", "this version does not ask clients for certificates; put a proxy in front"),
  refusedValue("http.tls.clientauth", "this version does not ask clients for certificates; put a proxy in front"),
  refusedValue(
    "http.tls.letsencrypt",
    "this version does not fetch certificates; give http.tls.certificate and http.tls.key, or http.tls.selfsigned",
  ),
];

/** Sections where an unknown name is an error, and why. */
export const closedSections: Readonly<Record<string, string>> = { storage: noDriver, auth: noAuth };
