// What a collection reports while it runs, and when it ends.
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import type { Key } from "../../storage/ports.ts";

/** Something that is removed, or in a dry run would be. */
export interface Removal {
  readonly kind: "removal";
  readonly what:
    | "tag"
    | "revision"
    | "layer link"
    | "referrer entry"
    | "tag directory"
    | "repository"
    | "directory"
    | "upload"
    | "blob"
    | "trash entry";
  /** The digest, tag, repository or trash entry. */
  readonly subject: string;
  /** Undefined for anything outside of repositories. */
  readonly repository: Key | undefined;
  readonly reason: string;
  readonly sizeBytes: number | undefined;
}

/** Something that an operator should look at. */
export interface Finding {
  readonly kind: "finding";
  readonly problem: string;
}

/** A tag that stays, in a dry run. */
export interface KeptTag {
  readonly kind: "kept";
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly reason: string;
}

/** How far it is; `total` if it is known. */
export interface GcProgress {
  readonly kind: "progress";
  readonly phase: "marking repositories" | "purging the trash" | "sweeping blobs";
  readonly done: number;
}

/** One thing that a collection reports. */
export type GcEvent = Removal | Finding | KeptTag | GcProgress;

/** What a collection did. */
export interface GcSummary {
  readonly isDryRun: boolean;
  readonly repositories: number;
  /** Repositories that were skipped because a push or deletion was under way. */
  readonly busy: number;
  /** Tags that no keep rule keeps. */
  readonly tags: number;
  readonly revisions: number;
  readonly layerLinks: number;
  /** Entries of the index of referrers without a matching manifest. */
  readonly referrers: number;
  /** Digests that are linked or named. */
  readonly marked: number;
  /** Blobs without a link that are older than the grace. */
  readonly condemned: number;
  readonly condemnedBytes: number;
  /** Blobs without a link that are younger than the grace, or may have been linked since the links were read. */
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly trashed: number;
  /** Blobs in the trash now, or in a dry run on the way there: garbage, to be freed after the grace. */
  readonly inTrash: number;
  readonly inTrashBytes: number;
  readonly purged: number;
  readonly restored: number;
  readonly freedBytes: number;
  readonly uploads: number;
  readonly temporaryFiles: number;
  readonly findings: number;
}

/** The counters of a summary while they grow. */
export type GcCounters = { -readonly [Name in Exclude<keyof GcSummary, "isDryRun">]: number };

/** All zero. */
export function startCounters(): GcCounters {
  return {
    repositories: 0,
    busy: 0,
    tags: 0,
    revisions: 0,
    layerLinks: 0,
    referrers: 0,
    marked: 0,
    condemned: 0,
    condemnedBytes: 0,
    waiting: 0,
    waitingBytes: 0,
    trashed: 0,
    inTrash: 0,
    inTrashBytes: 0,
    purged: 0,
    restored: 0,
    freedBytes: 0,
    uploads: 0,
    temporaryFiles: 0,
    findings: 0,
  };
}

/** The reasons for removals. */
export const reasons = {
  tag: "no rule of gc.keep keeps it",
  revision: "no tag, index or subject keeps it",
  layerLink: "no manifest of the repository names it",
  referrerEntry: "its manifest is gone, or names another subject",
  tagDirectory: "it points to nothing",
  repository: "it has no content",
  directory: "it is empty",
  upload: "it was abandoned",
  blob: "no repository links it",
  trashEntry: "it was in the trash for longer than the grace",
} as const;

/** A removal of something of a repository. */
export function removalIn(
  repository: Key,
  { what, subject, reason }: Pick<Removal, "what" | "subject" | "reason">,
): Removal {
  return { kind: "removal", what, subject, repository, reason, sizeBytes: undefined };
}

/** A removal of bytes. */
export function removalOfBytes(
  {
    what,
    subject,
    reason,
  }: { readonly what: "blob" | "trash entry"; readonly subject: Digest; readonly reason: string },
  sizeBytes: number,
): Removal {
  return { kind: "removal", what, subject, repository: undefined, reason, sizeBytes };
}
