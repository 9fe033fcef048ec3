// What the rest of the program sees of a configuration: plain values, checked and with the defaults filled in.

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
      readonly sans: readonly string[];
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

/** Garbage collection inside the server. */
export interface ScheduledGc extends CollectionConfiguration {
  readonly intervalMs: number;
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
  /** Undefined: the server does not collect garbage by itself. */
  readonly gc: ScheduledGc | undefined;
  /** What `registry gc` takes where no flag says otherwise. */
  readonly collection: CollectionConfiguration;
  /** Undefined: the server does not check by itself what it stores. */
  readonly verify: { readonly intervalMs: number; readonly bytesPerSecond: number } | undefined;
  readonly http: {
    /** An address that `parseListenAddress` reads. */
    readonly addr: string;
    readonly host: string | undefined;
    /** Begins and ends with a slash; "/" where none is configured. */
    readonly prefix: string;
    readonly isRelative: boolean;
    readonly headers: Readonly<Record<string, readonly string[]>>;
    /** 0: open requests are not waited for. */
    readonly drainTimeoutMs: number;
    /** Undefined: plain HTTP. */
    readonly tls: TlsConfiguration | undefined;
  };
  readonly validation: {
    /** Sources of regular expressions for `new RegExp(source, "u")`. Both empty: no URL is allowed. */
    readonly urls: "any" | { readonly allow: readonly string[]; readonly deny: readonly string[] };
    readonly platforms: "all" | "none" | "list";
    readonly platformList: readonly { readonly architecture: string; readonly os: string }[];
  };
}
