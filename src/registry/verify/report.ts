// What a check of the store finds, and how each finding can be repaired.
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import type { Key } from "../../storage/ports.ts";

/** What would repair a finding without removing anything of value. */
export type Repair =
  /** Write the link again and look for its bytes, as long as the object that calls for it is there. */
  | {
      readonly kind: "link";
      readonly name: RepositoryName;
      readonly key: Key;
      readonly digest: Digest;
      readonly because: Key;
    }
  /** Point the tag to the manifest, as long as it cannot be read. */
  | { readonly kind: "tag"; readonly name: RepositoryName; readonly tag: Tag; readonly digest: Digest }
  /** Restore the bytes from the trash. */
  | { readonly kind: "restore"; readonly digest: Digest }
  /** Remove the link of a manifest that was acknowledged to nobody, as long as its bytes are nowhere. */
  | { readonly kind: "unlink"; readonly name: RepositoryName; readonly key: Key; readonly digest: Digest };

/**
 * How bad it is: `lost` if bytes or names are gone that the store should have, `repairable` if nothing is lost,
 * `untidy` if garbage collection or a person should clean up.
 */
export type Severity = "lost" | "repairable" | "untidy";

/** One problem. */
export interface VerifyFinding {
  readonly kind: "finding";
  readonly severity: Severity;
  /** The repository's path, or undefined for what belongs to none. */
  readonly repository: string | undefined;
  /** The digest, tag or path that it is about. */
  readonly subject: string;
  readonly problem: string;
  /** Undefined if it cannot be repaired, or not by writing links. */
  readonly repair: Repair | undefined;
}

/** How far the check is. */
export interface VerifyProgress {
  readonly kind: "progress";
  readonly phase: "checking repositories" | "reading blobs";
  readonly done: number;
  readonly bytes: number;
  /** How much there is to do, as counted beforehand; undefined if it was not. */
  readonly total?: { readonly count: number; readonly bytes: number };
}

/** That a finding was repaired, or damaged bytes moved out of the way so that a push heals them. */
export interface VerifyRepaired {
  readonly kind: "repaired";
  readonly subject: string;
  readonly how: "linked" | "restored" | "quarantined" | "unlinked";
}

/** That a finding could be repaired, but the system refused it, such as on a full disk. */
export interface VerifyUnrepaired {
  readonly kind: "unrepaired";
  readonly subject: string;
  readonly reason: string;
}

/** An image that cannot be pulled whole any more, by its name. */
export interface BrokenImage {
  readonly kind: "broken";
  /** Such as "lab/app:v6". */
  readonly image: string;
  readonly reason: string;
}

/** One thing that a check reports. */
export type VerifyEvent = VerifyFinding | VerifyProgress | VerifyRepaired | VerifyUnrepaired | BrokenImage;

/** What a check saw. */
export interface VerifySummary {
  readonly repositories: number;
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly lost: number;
  readonly repairable: number;
  readonly untidy: number;
  readonly repaired: number;
  readonly quarantined: number;
  /** Repositories that were busy for so long that a suspicion could not be confirmed. */
  readonly unconfirmed: number;
}

/** The counters of a summary while they grow. */
export type VerifyCounters = { -readonly [Name in keyof VerifySummary]: number };

/** All zero. */
export function startVerifyCounters(): VerifyCounters {
  return {
    repositories: 0,
    manifests: 0,
    blobs: 0,
    bytes: 0,
    lost: 0,
    repairable: 0,
    untidy: 0,
    repaired: 0,
    quarantined: 0,
    unconfirmed: 0,
  };
}

/** 0 clean (or all repaired), 1 something is left to repair or tidy, 2 data is lost. */
export function verifyExitCode({ lost, repairable, untidy, repaired, unconfirmed }: VerifySummary): 0 | 1 | 2 {
  if (lost > 0) return 2;
  return repairable + untidy + unconfirmed > repaired ? 1 : 0;
}
