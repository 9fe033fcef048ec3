// The table of configuration keys: a key is one entry. Defaults, types, help, the names of variables and the
// warnings about unknown keys all come from here.

import { headers } from "./header-type.ts";
import { type Key, key } from "./key.ts";
import { proxyKeys } from "./proxy-keys.ts";
import { uploadKeys } from "./upload-keys.ts";
import {
  boolean,
  count,
  days,
  duration,
  listenAddress,
  longDuration,
  minimumTls,
  oneOf,
  patterns,
  platforms,
  presence,
  rate,
  subjectNames,
  text,
  urlPrefix,
} from "./value-type.ts";

const hourMs = 3_600_000;
const logLevels = ["error", "warn", "info", "debug"] as const;

/** Every key that has an effect. */
export const keys = {
  version: key("version", {
    type: oneOf("0.1"),
    default: "0.1",
    help: "Version of the file format; every file has it.",
    isFileOnly: true,
  }),
  logLevel: key<(typeof logLevels)[number] | undefined>("log.level", {
    type: oneOf(...logLevels),
    default: undefined,
    help: "The least important messages that are logged: error, warn, info (the default) or debug.",
  }),
  oldLogLevel: key("loglevel", {
    type: oneOf(...logLevels),
    default: "info",
    help: "Older spelling of log.level, which wins over it.",
  }),
  logFormatter: key("log.formatter", {
    type: oneOf("text", "json", "logstash"),
    default: "text",
    help: "How log lines are written: text, json or logstash.",
  }),
  rootDirectory: key("storage.filesystem.rootdirectory", {
    type: text,
    default: "/var/lib/registry",
    // Without a file the default place depends on what can be written.
    defaultWithoutFile: undefined,
    help: "The directory that everything is stored in.",
  }),
  isDurable: key("storage.filesystem.durable", {
    type: boolean,
    default: true,
    help: "Whether what is acknowledged survives a power loss; false keeps it safe from kills and crashes only.",
  }),
  maxThreads: key("storage.filesystem.maxthreads", {
    type: count,
    default: 100,
    help: "Accepted for distribution's sake; has no effect, since no threads are held for the disk.",
  }),
  isDeleteEnabled: key("storage.delete.enabled", {
    type: boolean,
    default: false,
    defaultWithoutFile: true,
    help: "Whether blobs, manifests and tags may be deleted; otherwise DELETE is answered with 405.",
  }),
  isReadOnly: key("storage.maintenance.readonly.enabled", {
    type: boolean,
    default: false,
    help: "Whether writes are refused with 405.",
  }),
  ...uploadKeys,
  isCollecting: key("gc", {
    type: presence,
    default: false,
    defaultWithoutFile: true,
    help: "Present: garbage is collected while the server runs; `registry gc` does the same at any time.",
  }),
  gcInterval: key("gc.interval", {
    type: longDuration,
    default: 24 * hourMs,
    help: "How long after a collection the next one begins.",
  }),
  gcGrace: key("gc.grace", {
    type: longDuration,
    default: 24 * hourMs,
    help: "How long what nobody needs is left alone, and then lies in the trash; longer than the longest push.",
  }),
  deletesUntagged: key("gc.deleteuntagged", {
    type: boolean,
    default: false,
    help: "Whether manifests go that no tag, no kept index and no kept subject leads to.",
  }),
  isVerifying: key("verify", {
    type: presence,
    default: false,
    help: "Present: everything stored is checked while the server runs; `registry verify` does the same at any time.",
  }),
  verifyInterval: key("verify.interval", {
    type: longDuration,
    default: 168 * hourMs,
    help: "How long after a check the next one begins.",
  }),
  verifyRate: key("verify.rate", {
    type: rate,
    default: 50_000_000,
    help: "How many bytes of blobs are read in a second while the server runs, such as 50MB/s.",
  }),
  addr: key("http.addr", {
    type: listenAddress,
    default: ":5000",
    help: "The address to listen on, as host:port; without a host, every interface.",
  }),
  host: key("http.host", {
    type: text,
    default: undefined,
    help: "The URL that clients know the registry by; Location headers begin with it. Without it they are relative.",
  }),
  prefix: key("http.prefix", {
    type: urlPrefix,
    default: "/",
    help: "The path under which the API stands; begins and ends with a slash. / and /ca.crt answer beside it, too.",
  }),
  isRelative: key("http.relativeurls", {
    type: boolean,
    default: false,
    help: "Whether Location headers are relative even with http.host.",
  }),
  headers: key("http.headers", {
    type: headers,
    default: {},
    help: "Headers of every answer, each a name with a list of values; they replace the registry's own.",
  }),
  drainTimeout: key("http.draintimeout", {
    type: duration,
    default: 30_000,
    help: "How long open requests are waited for when the server stops, such as 30s (the default); 0s: not at all.",
  }),
  certificate: key("http.tls.certificate", {
    type: text,
    default: undefined,
    help: "The file with the server's certificate chain in PEM; needs http.tls.key.",
  }),
  certificateKey: key("http.tls.key", {
    type: text,
    default: undefined,
    help: "The file with the certificate's private key in PEM.",
  }),
  minimumTls: key("http.tls.minimumtls", {
    type: minimumTls,
    default: "tls1.2",
    help: "The oldest TLS version that is offered: tls1.2 or tls1.3.",
  }),
  isSelfSigned: key("http.tls.selfsigned", {
    type: presence,
    default: false,
    defaultWithoutFile: true,
    help: "Present: serve HTTPS with a certificate that the registry makes, keeps and renews itself.",
  }),
  sans: key("http.tls.selfsigned.sans", {
    type: subjectNames,
    default: [],
    help: "Names and IP addresses for the certificate, beside localhost, the host's name and its addresses.",
  }),
  certificateDays: key("http.tls.selfsigned.days", {
    type: days,
    default: 397,
    help: "How long the certificate is valid; it is renewed before its end.",
  }),
  selfSignedKey: key("http.tls.selfsigned.key", {
    type: oneOf("ecdsa", "rsa4096"),
    default: "ecdsa",
    help: "The kind of the certificate's key: ecdsa or rsa4096.",
  }),
  tlsDirectory: key("http.tls.selfsigned.directory", {
    type: text,
    default: undefined,
    help: "Where the certificates and keys are kept; tls under the root directory by default.",
  }),
  debugAddr: key<string | undefined>("http.debug.addr", {
    type: listenAddress,
    default: undefined,
    help: "A second address, over plain HTTP, for metrics; nothing else is served there.",
  }),
  isPrometheus: key("http.debug.prometheus.enabled", {
    type: boolean,
    default: false,
    help: "Whether metrics are served on http.debug.addr for Prometheus.",
  }),
  prometheusPath: key("http.debug.prometheus.path", {
    type: text,
    default: "/metrics",
    help: "The path of the metrics.",
  }),
  catalogMaxEntries: key("catalog.maxentries", {
    type: count,
    default: 1000,
    help: "How many repositories a page of the catalog may have; a client that asks for more is refused.",
  }),
  tagsMaxTags: key("tags.maxtags", {
    type: count,
    default: 1000,
    help: "How many tags a page of a repository's tags may have; a client that asks for more gets that many.",
  }),
  ...proxyKeys,
  isValidated: key("validation.enabled", {
    type: boolean,
    default: false,
    help: "Older spelling: true keeps the checks of this section even with validation.disabled.",
  }),
  isValidationDisabled: key("validation.disabled", {
    type: boolean,
    default: false,
    help: "Switches the checks of this section off.",
  }),
  allowedUrls: key("validation.manifests.urls.allow", {
    type: patterns,
    default: [],
    help: "Regular expressions, one of which a foreign layer's URL must match. Without allow and deny none is allowed.",
  }),
  deniedUrls: key("validation.manifests.urls.deny", {
    type: patterns,
    default: [],
    help: "Regular expressions that no URL of a foreign layer may match.",
  }),
  requiredPlatforms: key("validation.manifests.indexes.platforms", {
    type: oneOf("all", "none", "list"),
    default: "all",
    help: "Which manifests of an index must be there before it: all, none, or those of platformlist.",
  }),
  platformList: key("validation.manifests.indexes.platformlist", {
    type: platforms,
    default: [],
    help: "The platforms for platforms: list, each with architecture and os.",
  }),
};

/** A key of any type, where only its place and its checks matter. */
export type AnyKey = Key<unknown>;

/** The table as a list, in the order in which the keys are shown. */
export const keyList: readonly AnyKey[] = Object.values(keys);
