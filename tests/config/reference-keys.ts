// Every key of distribution's configuration, of all versions from 2.8 on, with what this program makes of it:
//
//   works    it does what it does there; a test of its behaviour belongs to it
//   silent   it has no effect, and needs none
//   warned   it has no effect, which a warning says
//   refused  one clear error, since ignoring it would weaken security or lose data
//
// The table is the truth, and the schema is held against it. A key in `notYet` may still be warned about: take its line
// out of that list when it works. Elements of lists are written as their list.

export type Fate = "works" | "silent" | "warned" | "refused";

/** The only keys that may be warned about. */
export const mayWarn: readonly string[] = [
  "reporting",
  "log.hooks",
  "log.reportcaller",
  "storage.cache",
  "redis",
  "middleware",
  "http.http2",
  "http.h2c",
  "http.secret",
  "policy",
  "compatibility",
];

/** Keys, or sections with all keys in them, that the table calls working and that are only warned about today. */
export const notYet: readonly string[] = [];

/** Of the drivers s3 and s3aws. */
const s3Keys = [
  ...["accesskey", "secretkey", "region", "regionendpoint", "redirectendpoint", "forcepathstyle", "bucket"],
  ...["encrypt", "keyid", "secure", "skipverify", "v4auth", "chunksize", "multipartcopychunksize"],
  ...["multipartcopymaxconcurrency", "multipartcopythresholdsize", "rootdirectory", "storageclass", "useragent"],
  ...["objectacl", "usedualstack", "accelerate", "usefipsendpoint", "loglevel", "sessiontoken"],
];

export const fates: readonly (readonly [Fate, readonly string[]])[] = [
  ["works", ["version", "log.level", "log.formatter", "log.fields", "log.accesslog.disabled", "loglevel"]],
  ["warned", ["log.reportcaller", "log.hooks", "log.hooks.type", "log.hooks.options.smtp.password"]],
  ["works", ["storage.filesystem.rootdirectory", "storage.filesystem.maxthreads", "storage.tag.concurrencylimit"]],
  ["works", ["storage.delete.enabled", "storage.maintenance.readonly.enabled"]],
  ["works", ["enabled", "age", "interval", "dryrun"].map((name) => `storage.maintenance.uploadpurging.${name}`)],
  ["works", ["storage.redirect.disable"]],
  ["warned", ["storage.cache.blobdescriptor", "storage.cache.layerinfo"]],
  ["warned", ["storage.cache.blobdescriptorsize"]],
  ["refused", ["inmemory", "gcs", "azure", "swift", "oss"].map((driver) => `storage.${driver}`)],
  ["refused", ["storage.gcs.keyfile", "storage.azure.container"]],
  ["works", s3Keys.map((name) => `storage.s3.${name}`)],
  ["silent", ["auth.none"]],
  ["refused", ["auth.silly", "auth.silly.realm", "auth.silly.service"]],
  ["works", ["auth.htpasswd.realm", "auth.htpasswd.path"]],
  [
    "works",
    [
      "realm",
      "service",
      "issuer",
      "rootcertbundle",
      "jwks",
      "autoredirect",
      "autoredirectpath",
      "signingalgorithms",
    ].map((name) => `auth.token.${name}`),
  ],
  ["warned", ["middleware.registry", "middleware.repository", "middleware.storage", "middleware.storage.name"]],
  ["works", ["addr", "net", "host", "prefix", "relativeurls", "draintimeout", "headers"].map((name) => `http.${name}`)],
  ["silent", ["http.secret"]],
  ["works", ["certificate", "key", "clientcas", "clientauth", "minimumtls"].map((name) => `http.tls.${name}`)],
  ["works", ["http.tls.ciphersuites"]],
  ["refused", ["cachefile", "email", "hosts", "directoryurl"].map((name) => `http.tls.letsencrypt.${name}`)],
  ["works", ["http.debug.addr", "http.debug.prometheus.enabled", "http.debug.prometheus.path"]],
  ["warned", ["http.http2.disabled", "http.h2c.enabled"]],
  ["works", ["notifications.events.includereferences"]],
  [
    "works",
    [
      "name",
      "disabled",
      "url",
      "headers",
      "timeout",
      "threshold",
      "backoff",
      "ignoredmediatypes",
      "ignore.mediatypes",
      "ignore.actions",
    ].map((name) => `notifications.endpoints.${name}`),
  ],
  ["warned", ["redis.addr", "redis.addrs", "redis.password", "redis.pool.maxidle", "redis.tls.certificate"]],
  ["works", ["enabled", "interval", "threshold"].map((name) => `health.storagedriver.${name}`)],
  ["works", ["file", "interval", "threshold"].map((name) => `health.file.${name}`)],
  ["works", ["uri", "headers", "statuscode", "timeout", "interval", "threshold"].map((name) => `health.http.${name}`)],
  ["works", ["addr", "timeout", "interval", "threshold"].map((name) => `health.tcp.${name}`)],
  [
    "works",
    ["remoteurl", "username", "password", "exec.command", "exec.lifetime", "ttl", "cachewritetimeout"].map(
      (name) => `proxy.${name}`,
    ),
  ],
  ["works", ["catalog.maxentries", "tags.maxtags", "validation.enabled", "validation.disabled"]],
  ["works", ["urls.allow", "urls.deny", "indexes.platforms"].map((name) => `validation.manifests.${name}`)],
  ["works", ["architecture", "os"].map((name) => `validation.manifests.indexes.platformlist.${name}`)],
  ["warned", ["policy.repository.classes", "reporting.bugsnag.apikey", "reporting.newrelic.licensekey"]],
  ["warned", ["compatibility.schema1.signingkeyfile", "compatibility.schema1.enabled"]],
];

/** Where a field has another name in Go than in a file; variables there take the one in Go. */
export const goNames: readonly (readonly [string, string])[] = [
  ["REGISTRY_STORAGE_S3AWS_BUCKET", "storage.s3.bucket"],
  ["REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES", "notifications.events.includereferences"],
  ["REGISTRY_HEALTH_FILECHECKERS_0_FILE", "health.file.file"],
  ["REGISTRY_HEALTH_HTTPCHECKERS_0_URI", "health.http.uri"],
  ["REGISTRY_HEALTH_TCPCHECKERS_0_ADDR", "health.tcp.addr"],
  ["REGISTRY_COMPATIBILITY_SCHEMA1_TRUSTKEY", "compatibility.schema1.signingkeyfile"],
  ["REGISTRY_LOG_HOOKS_0_MAILOPTIONS_TO", "log.hooks.type"],
  ["REGISTRY_REDIS_OPTIONS_ADDRS", "redis.addrs"],
];

/** Keys that hold secrets, or lead to them. */
export const secretKeys: readonly string[] = [
  "http.secret",
  "proxy.password",
  "notifications.endpoints.headers",
  "health.http.headers",
  "redis.password",
  "log.hooks.options.smtp.password",
  "storage.s3.secretkey",
];
