// What is said of the server itself.

/** The certificate that it shows, and what clients need to trust it. */
export interface ShownCertificate {
  readonly names: readonly string[];
  /** SHA-256: "AA:BB:…". */
  readonly fingerprint: string;
  readonly endsMs: number;
  /** Of our own authority, which `registry trust` asks about; undefined if another one signed the certificate. */
  readonly authorityFingerprint: string | undefined;
}

/** Another registry that is cached here. */
export interface CachedUpstream {
  readonly host: string;
  readonly url: string;
  /** "unasked" since this process began. */
  readonly state: "unasked" | "answering" | "failing";
  /** Why it fails. */
  readonly problem: string | undefined;
  /** As it last said; undefined if it sets no limit. */
  readonly remainingPulls: number | undefined;
}

/** Scheduled work; undefined interval: only people start it. */
export interface ScheduledRuns {
  readonly intervalMs: number | undefined;
}

/** What is said of the server. */
export interface ServerDescription {
  readonly version: string;
  /** Undefined: plain HTTP. */
  readonly certificate: ShownCertificate | undefined;
  readonly upstreams: readonly CachedUpstream[];
  /** Answers from caches since this process began. */
  readonly cached: { readonly hits: number; readonly misses: number };
  readonly check: ScheduledRuns;
}
