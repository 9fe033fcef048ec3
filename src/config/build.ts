// From settings to the configuration that the program takes, with the rules that span several keys.

import { buildProxy, proxyProblems, proxyWarnings } from "./build-proxy.ts";
import type { Configuration, MinimumTls, TlsConfiguration } from "./configuration.ts";
import type { ConfigurationFlags } from "./flags.ts";
import type { Key } from "./key.ts";
import { formatOrigin } from "./origin.ts";
import { type Settings, settingOrigin, settingValue } from "./resolve.ts";
import { keys } from "./schema.ts";
import { isExternalUrl } from "./value-type.ts";

/** A configuration, and what is wrong or odd about keys that belong together. */
export interface BuiltConfiguration {
  readonly configuration: Configuration;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

interface Sources {
  readonly flags: ConfigurationFlags;
  readonly hasFile: boolean;
}

/** Puts the settings together. */
export function buildConfiguration(settings: Settings, { flags, hasFile }: Sources): BuiltConfiguration {
  const configuration: Configuration = {
    log: {
      level: settingValue(settings, keys.logLevel) ?? settingValue(settings, keys.oldLogLevel),
      formatter: settingValue(settings, keys.logFormatter),
    },
    storage: {
      rootDirectory: settingValue(settings, keys.rootDirectory),
      isDurable: settingValue(settings, keys.isDurable),
      isDeleteEnabled: settingValue(settings, keys.isDeleteEnabled),
      isReadOnly: settingValue(settings, keys.isReadOnly),
    },
    ...buildChores(settings),
    proxy: buildProxy(settings),
    http: {
      metrics: buildMetrics(settings),
      addr: settingValue(settings, keys.addr),
      host: externalHost(settings),
      prefix: settingValue(settings, keys.prefix),
      isRelative: settingValue(settings, keys.isRelative),
      headers: settingValue(settings, keys.headers),
      pages: {
        maxCatalogItems: pageItems(settings, keys.catalogMaxEntries),
        maxTagItems: pageItems(settings, keys.tagsMaxTags),
      },
      drainTimeoutMs: settingValue(settings, keys.drainTimeout),
      tls: flags.plainHttp === true ? undefined : buildTls(settings),
    },
    validation: buildValidation(settings, hasFile),
  };
  const { tls } = configuration.http;
  return {
    configuration,
    problems: [...pairProblems(settings), ...proxyProblems(settings)],
    warnings: [
      ...(flags.plainHttp === true ? plainHttpWarnings(flags) : tlsWarnings(settings, tls)),
      ...hostWarnings(settings),
      ...proxyWarnings(settings),
    ],
  };
}

/** Undefined where clients could not use it: distribution starts then too, and its links take no notice of it. */
function externalHost(settings: Settings): string | undefined {
  const host = settingValue(settings, keys.host);
  return host !== undefined && isExternalUrl(host) ? host : undefined;
}

function hostWarnings(settings: Settings): readonly string[] {
  if (settingValue(settings, keys.host) === undefined || externalHost(settings) !== undefined) return [];
  const wanted = "a URL with http or https and without user, query and fragment, such as https://registry.example.com";
  const at = `${formatOrigin(settingOrigin(settings, keys.host))}: ${keys.host.path}`;
  return [`${at}: ignored, and Location headers are relative, since it is not ${wanted}`];
}

/** distribution takes nothing and less for its default. */
function pageItems(settings: Settings, key: Key<number>): number {
  const items = settingValue(settings, key);
  return items > 0 ? items : key.default;
}

/** What the server does by itself now and then. */
function buildChores(settings: Settings): Pick<Configuration, "uploads" | "gc" | "collection" | "verify"> {
  const collection = {
    graceMs: settingValue(settings, keys.gcGrace),
    deletesUntagged: settingValue(settings, keys.deletesUntagged),
  };
  const gc = { ...collection, intervalMs: settingValue(settings, keys.gcInterval) };
  const verify = {
    intervalMs: settingValue(settings, keys.verifyInterval),
    bytesPerSecond: settingValue(settings, keys.verifyRate),
  };
  return {
    uploads: {
      isEnabled: settingValue(settings, keys.isPurging),
      ageMs: settingValue(settings, keys.purgeAge),
      intervalMs: settingValue(settings, keys.purgeInterval),
      isDryRun: settingValue(settings, keys.isPurgeDry),
    },
    gc: settingValue(settings, keys.isCollecting) ? gc : undefined,
    collection,
    verify: settingValue(settings, keys.isVerifying) ? verify : undefined,
  };
}

/** As in distribution: a second listener, on which metrics are served where they are switched on. */
function buildMetrics(settings: Settings): Configuration["http"]["metrics"] {
  const addr = settingValue(settings, keys.debugAddr);
  if (addr === undefined || !settingValue(settings, keys.isPrometheus)) return undefined;
  return { addr, path: settingValue(settings, keys.prometheusPath) ?? "/metrics" };
}

/** A certificate wins over a self-signed one; without either the server speaks plain HTTP. */
function buildTls(settings: Settings): TlsConfiguration | undefined {
  const certificate = settingValue(settings, keys.certificate);
  const key = settingValue(settings, keys.certificateKey);
  const written = settingValue(settings, keys.minimumTls);
  const minimum: MinimumTls = written === "tls1.3" ? "tls1.3" : "tls1.2";
  if (certificate !== undefined && key !== undefined) return { kind: "files", certificate, key, minimum };
  if (!settingValue(settings, keys.isSelfSigned)) return undefined;
  return {
    kind: "selfsigned",
    sans: settingValue(settings, keys.sans),
    days: settingValue(settings, keys.certificateDays),
    key: settingValue(settings, keys.selfSignedKey),
    directory: settingValue(settings, keys.tlsDirectory),
    minimum,
  };
}

/** The checks are on unless `disabled` says otherwise and `enabled` does not contradict. */
function buildValidation(settings: Settings, hasFile: boolean): Configuration["validation"] {
  const platformList = settingValue(settings, keys.platformList);
  const isOff = settingValue(settings, keys.isValidationDisabled) && !settingValue(settings, keys.isValidated);
  if (isOff) return { urls: "any", platforms: "none", platformList };
  return {
    urls: buildUrls(settings, hasFile),
    platforms: settingValue(settings, keys.requiredPlatforms),
    platformList,
  };
}

function buildUrls(settings: Settings, hasFile: boolean): Configuration["validation"]["urls"] {
  const isUnsaid = [keys.allowedUrls, keys.deniedUrls].every((key) => settingOrigin(settings, key).kind === "default");
  if (isUnsaid && !hasFile) return "any";
  const allow = settingValue(settings, keys.allowedUrls);
  const deny = settingValue(settings, keys.deniedUrls);
  // Without a word about what is allowed, all is that is not denied.
  return allow.length === 0 && deny.length > 0 ? { allow: [".*"], deny } : { allow, deny };
}

function pairProblems(settings: Settings): readonly string[] {
  const pair = [keys.certificate, keys.certificateKey];
  const missing = pair.find((key) => settingValue(settings, key) === undefined);
  const given = pair.find((key) => settingValue(settings, key) !== undefined);
  if (missing === undefined || given === undefined) return [];
  return [`${formatOrigin(settingOrigin(settings, given))}: ${given.path}: needs ${missing.path} as well`];
}

function plainHttpWarnings({ sans }: ConfigurationFlags): readonly string[] {
  return sans === undefined || sans.length === 0 ? [] : ["--san has no effect with --http, which uses no certificate"];
}

function tlsWarnings(settings: Settings, tls: TlsConfiguration | undefined): readonly string[] {
  const warnings: string[] = [];
  const minimum = settingValue(settings, keys.minimumTls);
  const at = (key: { readonly path: string }): string => `${formatOrigin(settingOrigin(settings, key))}: ${key.path}`;
  if (minimum === "tls1.0" || minimum === "tls1.1") {
    warnings.push(`${at(keys.minimumTls)}: ${minimum} is not offered any more; the oldest version is tls1.2`);
  }
  if (tls === undefined && settingOrigin(settings, keys.minimumTls).kind !== "default") {
    warnings.push(
      `${at(keys.minimumTls)}: no effect, since http.tls has neither certificate nor selfsigned: plain HTTP`,
    );
  }
  const isSelfSignedSaid =
    settingOrigin(settings, keys.isSelfSigned).kind !== "default" && settingValue(settings, keys.isSelfSigned);
  if (tls?.kind === "files" && isSelfSignedSaid) {
    warnings.push(`${at(keys.isSelfSigned)}: no effect, since http.tls.certificate is used`);
  }
  return warnings;
}
