// How each registry is configured: as its own documents recommend for one machine, without a log of requests.
import type { Kind } from "../results.ts";

/** What differs from start to start. */
export interface Serving {
  readonly address: { readonly host: string; readonly port: number };
  readonly directory: string;
  /** Files in PEM; undefined: plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  /** The registry that it is a cache of. */
  readonly remoteUrl: string | undefined;
  /** How many processes ours is to have; undefined: as it comes. */
  readonly workers: number | undefined;
}

/** A file to write and a command to run with its path. */
export interface Configuration {
  readonly extension: string;
  readonly text: string;
  readonly command: (executable: string, file: string) => readonly string[];
}

const serve = (executable: string, file: string) => [executable, "serve", file];

/** The configuration of a registry of this kind. */
export function configure(kind: Kind, serving: Serving): Configuration {
  switch (kind) {
    case "registry":
    case "undurable":
      return { extension: "yml", text: formatOurs(serving, kind === "registry"), command: serve };
    case "distribution2":
    case "distribution3":
      return { extension: "yml", text: formatDistribution(serving), command: serve };
    case "zot":
      return { extension: "json", text: formatZot(serving), command: serve };
    case "angos":
      return { extension: "toml", text: formatAngos(serving), command: (path, file) => [path, "-c", file, "server"] };
  }
}

// JSON is YAML too.
function formatDistribution(serving: Serving): string {
  return JSON.stringify({
    ...common(serving),
    storage: {
      filesystem: { rootdirectory: serving.directory },
      delete: { enabled: true },
      cache: { blobdescriptor: "inmemory" },
    },
  });
}

function formatOurs(serving: Serving, durable: boolean): string {
  const { http, ...rest } = common(serving);
  const workers = serving.workers === undefined ? {} : { workers: serving.workers };
  return JSON.stringify({
    ...rest,
    http: { ...http, ...workers },
    storage: { filesystem: { rootdirectory: serving.directory, durable }, delete: { enabled: true } },
  });
}

function common({ address, tls, remoteUrl }: Serving) {
  return {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    http: { addr: `${address.host}:${address.port}`, ...(tls === undefined ? {} : { tls }) },
    // A page of more than 1,000 repositories is refused otherwise.
    catalog: { maxentries: 1_000_000 },
    ...(remoteUrl === undefined ? {} : { proxy: { remoteurl: remoteUrl } }),
  };
}

function formatZot({ address, directory, tls }: Serving): string {
  return JSON.stringify({
    distSpecVersion: "1.1.1",
    storage: { rootDirectory: directory },
    http: {
      address: address.host,
      port: String(address.port),
      ...(tls === undefined ? {} : { tls: { cert: tls.certificate, key: tls.key } }),
    },
    log: { level: "error" },
  });
}

// Every repository that is pushed to has to be declared; the work pushes below bench/ only.
function formatAngos({ address, directory, tls }: Serving): string {
  const secured =
    tls === undefined
      ? []
      : [
          "[server.tls]",
          `server_certificate_bundle = ${JSON.stringify(tls.certificate)}`,
          `server_private_key = ${JSON.stringify(tls.key)}`,
        ];
  return [
    "[server]",
    `bind_address = ${JSON.stringify(address.host)}`,
    `port = ${address.port}`,
    ...secured,
    "[blob_store.fs]",
    `root_dir = ${JSON.stringify(directory)}`,
    "[global.access_policy]",
    "default_allow = true",
    '[repository."bench"]',
    "",
  ].join("\n");
}
