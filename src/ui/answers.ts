// What the read API answers, as docs/api.md describes it.

/** What somebody may do with a repository. */
export type RepositoryAction = "pull" | "push" | "delete";

/** Who one is, and how one could log in. */
export interface SessionAnswer {
  readonly user: string | null;
  readonly kind: "anonymous" | "user" | "apiToken" | "workload" | "bearer";
  readonly seesEverything: boolean;
  /** Null: no access control. */
  readonly login: null | { readonly scheme: "basic" } | { readonly scheme: "bearer"; readonly service: string };
  readonly deletion: { readonly isPossible: boolean; readonly reason: string | null };
}

/** Whether nobody has logged in. */
export function isAnonymous({ kind }: SessionAnswer): boolean {
  return kind === "anonymous";
}

/** A repository in a list. */
export interface RepositoryRow {
  readonly name: string;
  readonly tags: number;
  readonly sizeBytes: number;
  readonly pushed: string | null;
  readonly upstream: string | null;
  readonly actions: readonly RepositoryAction[];
  readonly problem: string | null;
}

/** A page of repositories. */
export interface RepositoriesAnswer {
  readonly repositories: readonly RepositoryRow[];
  readonly next: string | null;
}

/** A component of names: a repository, what others begin with, or both. */
export interface TreeRow {
  readonly component: string;
  readonly name: string;
  readonly isRepository: boolean;
  readonly hasChildren: boolean;
  readonly repository?: RepositoryRow | null;
}

/** A page of one level of the tree. */
export interface TreeAnswer {
  readonly prefix: string;
  readonly components: readonly TreeRow[];
  readonly next: string | null;
}

/** A tag in a list. */
export interface TagRow {
  readonly tag: string;
  readonly digest: string;
  readonly mediaType: string | null;
  readonly artifactType: string | null;
  readonly sizeBytes: number | null;
  readonly platforms: readonly string[];
  readonly pushed: string | null;
  readonly pulled: string | null;
  readonly aliases: readonly string[];
  readonly aliasCount: number;
  readonly isImmutable: boolean;
  readonly problem: string | null;
}

/** A page of tags. */
export interface TagsAnswer {
  readonly name: string;
  readonly upstream: string | null;
  readonly actions: readonly RepositoryAction[];
  readonly total: number;
  readonly matching: number;
  readonly next: string | null;
  readonly tags: readonly TagRow[];
}

/** What is to be deleted. */
export interface DeletionWish {
  readonly tags?: readonly string[];
  readonly filter?: string;
  readonly digests?: readonly string[];
}

/** A tag and what it names. */
export interface TagOfManifest {
  readonly tag: string;
  readonly digest: string;
}

/** A manifest that goes with what is deleted. */
export interface GoingManifest {
  readonly digest: string;
  readonly mediaType: string | null;
  readonly sizeBytes: number;
  readonly because: "selected" | "untagged" | "child" | "referrer";
}

/** A manifest that stays, since something else needs it. */
export interface StayingManifest {
  readonly digest: string;
  readonly because: "tag" | "index" | "subject" | "touched" | "unreadable";
  readonly by: readonly string[];
  readonly count: number;
}

/** What a deletion would do. */
export interface DeletionPlanAnswer {
  readonly tags: readonly TagOfManifest[];
  readonly manifests: readonly GoingManifest[];
  readonly kept: readonly StayingManifest[];
  /** Not all of many are listed. */
  readonly keptCount: number;
  readonly refused: readonly { readonly tag: string; readonly reason: string }[];
  readonly refusedCount: number;
  readonly unknown: readonly string[];
  readonly isComplete: boolean;
  readonly freed: {
    readonly blobs: number;
    readonly sizeBytes: number;
    readonly isExact: boolean;
    readonly from: string | null;
    readonly by: string | null;
  };
  readonly shared: { readonly blobs: number; readonly sizeBytes: number };
}

/** What a deletion did. */
export interface DeletionsAnswer {
  readonly tags: readonly TagOfManifest[];
  readonly manifests: readonly string[];
  readonly kept: readonly { readonly tag?: string; readonly digest?: string; readonly reason: string }[];
  /** Not all of many are listed. */
  readonly keptCount: number;
}

/** A cache of another registry. */
export interface CacheRow {
  readonly host: string;
  readonly url: string;
  readonly state: "unasked" | "answering" | "failing";
  readonly problem: string | null;
  readonly remainingPulls: number | null;
}

/** The registry as it runs. */
export interface StateAnswer {
  readonly version: string;
  readonly url: string;
  readonly certificate: null | {
    readonly names: readonly string[];
    readonly fingerprint: string;
    readonly ends: string;
    readonly authorityFingerprint: string | null;
  };
  readonly isReadOnly: boolean;
  readonly isDeletionEnabled: boolean;
  readonly collection: {
    readonly isScheduled: boolean;
    readonly intervalMs: number | null;
    readonly graceMs: number | null;
    readonly last: null | {
      readonly ended: string;
      readonly freedBytes: number;
      readonly inTrashBytes: number;
    };
  };
  readonly check: {
    readonly isScheduled: boolean;
    readonly intervalMs: number | null;
    readonly last: null | {
      readonly ended: string;
      readonly lost: number;
      readonly repairable: number;
      readonly untidy: number;
    };
  };
  readonly caches: readonly CacheRow[];
  /** How many answers of all caches needed their upstreams, and how many did not, since the server began. */
  readonly cached: null | { readonly hits: number; readonly misses: number };
}

/** How many, and how large. */
export interface CountAndSize {
  readonly count: number;
  readonly sizeBytes: number;
}

/** What takes the space. */
export interface UsageAnswer {
  readonly computed: string;
  readonly space: { readonly freeBytes: number; readonly totalBytes: number };
  readonly repositories: number;
  readonly tags: number;
  readonly manifests: number;
  readonly blobs: CountAndSize;
  readonly garbage: {
    /** Null if some links cannot be read: then nothing is taken. */
    readonly waiting: CountAndSize | null;
    readonly trash: CountAndSize;
    readonly freeFrom: string | null;
    readonly freeBy: string | null;
  };
  readonly uploads: { readonly sessions: number; readonly sizeBytes: number };
  readonly largest: readonly {
    readonly name: string;
    readonly sizeBytes: number;
    readonly ownBytes: number;
    readonly tags: number;
  }[];
  readonly problems: readonly { readonly repository: string; readonly problem: string }[];
}
