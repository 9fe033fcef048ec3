// What the rest of the program sees of a configuration: plain values, checked and with the defaults filled in.

import type { SubjectName } from "../lib/subject-names.ts";

/** The oldest TLS version that is offered. */
export type MinimumTls = "tls1.2" | "tls1.3";

/** Where a server's certificate comes from. */
export type TlsConfiguration =
  | {
      readonly kind: "files";
      readonly certificate: string;
      readonly key: string;
      readonly minimum: MinimumTls;
    }
  | {
      readonly kind: "selfsigned";
      readonly sans: readonly SubjectName[];
      readonly days: number;
      readonly key: "ecdsa" | "rsa4096";
      /** Undefined: `tls` under the storage's root directory. */
      readonly directory: string | undefined;
      readonly minimum: MinimumTls;
    };

/** How garbage is judged. */
export interface CollectionConfiguration {
  readonly graceMs: number;
  readonly deletesUntagged: boolean;
}

/** How uploads are given up that nobody finishes. */
export interface UploadPurging {
  readonly isEnabled: boolean;
  readonly ageMs: number;
  readonly intervalMs: number;
  /** They are told of, and stay. */
  readonly isDryRun: boolean;
}

/** Garbage collection inside the server. */
export interface ScheduledGc extends CollectionConfiguration {
  readonly intervalMs: number;
}

/** A registry that repositories are cached from. */
export interface UpstreamConfiguration {
  /** Its name: host, with the port where it has one. */
  readonly host: string;
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** A credential helper, instead of a user and password. */
  readonly exec: { readonly command: string; readonly lifetimeMs: number | undefined } | undefined;
  /** How long what is not used stays; 0: for ever. */
  readonly ttlMs: number;
  /** A file with certificates in PEM that are trusted for it. */
  readonly ca: string | undefined;
  readonly realms: readonly string[];
}

/** What is cached, and how. */
export interface ProxyConfiguration {
  /** For all names that nothing else takes; undefined: those are local. */
  readonly main: UpstreamConfiguration | undefined;
  readonly others: readonly UpstreamConfiguration[];
  readonly local: readonly string[];
  readonly freshMs: number;
  /** Undefined: as much as the disk holds. */
  readonly maxBytes: number | undefined;
  readonly cacheWriteTimeoutMs: number;
}

/** Everything that can be configured, resolved. */
export interface Configuration {
  readonly log: {
    readonly level: "error" | "warn" | "info" | "debug";
    readonly formatter: "text" | "json" | "logstash";
  };
  readonly storage: {
    /** Undefined: the default place is chosen at start. */
    readonly rootDirectory: string | undefined;
    readonly isDurable: boolean;
    readonly isDeleteEnabled: boolean;
    readonly isReadOnly: boolean;
  };
  /** What becomes of uploads that nobody finishes. */
  readonly uploads: UploadPurging;
  /** Undefined: the server does not collect garbage by itself. */
  readonly gc: ScheduledGc | undefined;
  /** What `registry gc` takes where no flag says otherwise. */
  readonly collection: CollectionConfiguration;
  /** Undefined: the server does not check by itself what it stores. */
  readonly verify: { readonly intervalMs: number; readonly bytesPerSecond: number } | undefined;
  /** Undefined: nothing is cached from other registries. */
  readonly proxy: ProxyConfiguration | undefined;
  readonly http: {
    /** Where metrics are served, if they are: an address and a path. */
    readonly metrics: { readonly addr: string; readonly path: string } | undefined;
    /** An address that `parseListenAddress` reads. */
    readonly addr: string;
    readonly host: string | undefined;
    /** Begins and ends with a slash; "/" where none is configured. */
    readonly prefix: string;
    readonly isRelative: boolean;
    readonly headers: Readonly<Record<string, readonly string[]>>;
    readonly pages: { readonly maxCatalogItems: number; readonly maxTagItems: number };
    /** 0: open requests are not waited for. */
    readonly drainTimeoutMs: number;
    /** Undefined: plain HTTP. */
    readonly tls: TlsConfiguration | undefined;
  };
  readonly validation: {
    /** Regular expressions for `parsePattern`. Both empty: no URL is allowed. */
    readonly urls: "any" | { readonly allow: readonly string[]; readonly deny: readonly string[] };
    readonly platforms: "all" | "none" | "list";
    readonly platformList: readonly { readonly architecture: string; readonly os: string }[];
  };
}
