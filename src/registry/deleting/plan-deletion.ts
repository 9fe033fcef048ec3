// The plan of a deletion: what would go, what stays and why, and what that will free. It promises nothing: what is carried
// out is decided again.
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import { type RepositoryScan, scanRepository } from "../gc/scan.ts";
import { type IsImmutable, noneImmutable } from "../immutable-tags.ts";
import { repositoryPrefix } from "../layout.ts";
import { readWholeImage } from "../reading/image-size.ts";
import { withoutLocks } from "../reading/without-locks.ts";
import { isRepository } from "../repositories.ts";
import type { Store } from "../store.ts";
import { type FreedSpace, type FreedSpaceOptions, predictFreed } from "./freed-space.ts";
import { type KeptManifest, planRemoval, type RemovalReason } from "./removal.ts";
import { type DeletionSelection, resolveSelection, type TaggedDigest } from "./selection.ts";

/** A manifest that would go. */
export interface DoomedManifest {
  readonly digest: Digest;
  readonly because: RemovalReason;
  /** Undefined where it is missing or damaged. */
  readonly image: { readonly mediaType: string; readonly sizeBytes: number } | undefined;
}

/** What a deletion would do. */
export interface DeletionPlan extends FreedSpace {
  readonly tags: readonly TaggedDigest[];
  readonly manifests: readonly DoomedManifest[];
  readonly kept: readonly KeptManifest[];
  /** Tags that are immutable: they stay, and so do their manifests. */
  readonly immutable: readonly Tag[];
  /** What was named and is not there. */
  readonly unknown: readonly string[];
  /** False where more was selected than goes at once. */
  readonly isComplete: boolean;
  /** Sentences about what could not be read; a manifest that cannot be read keeps nothing else. */
  readonly problems: readonly string[];
}

/** How to plan. */
export interface PlanOptions extends FreedSpaceOptions {
  readonly selection: DeletionSelection;
  readonly isImmutable?: IsImmutable | undefined;
}

/** Tags and manifests that go at once. */
const maxItems = 10_000;

/** Plans it, without a lock; refuses with NAME_UNKNOWN where there is no such repository. */
export async function planDeletion(
  store: Store,
  name: RepositoryName,
  { selection, isImmutable = noneImmutable, ...options }: PlanOptions,
): Promise<DeletionPlan> {
  const scan = await scanForDeletion(store, name, options.signal);
  const chosen = await resolveSelection(name, { scan, selection }, { isImmutable, maxItems });
  const { manifests, kept } = await planRemoval(scan, {
    tags: new Set(chosen.tags.map(({ tag }) => tag)),
    digests: chosen.digests,
    nowMs: store.now(),
  });
  const doomed: DoomedManifest[] = [];
  for (const [digest, because] of manifests) {
    options.signal?.throwIfAborted();
    const image = await readWholeImage(store, name, digest).catch(() => undefined);
    // Of ten thousand images, everything that they name would be too much to hold.
    const shown = image && { mediaType: image.facts.mediaType, sizeBytes: image.sizeBytes };
    doomed.push({ digest, because, image: shown });
  }
  const { tags, immutable, unknown, isComplete } = chosen;
  const space = await predictFreed(store, { name, scan, gone: new Set(manifests.keys()) }, options);
  return { tags, manifests: doomed, kept, immutable, unknown, isComplete, problems: scan.problems, ...space };
}

/** What the repository holds, read without a lock. */
export async function scanForDeletion(
  store: Store,
  name: RepositoryName,
  signal: AbortSignal | undefined,
): Promise<RepositoryScan> {
  if (!(await isRepository(store, name))) throw new RegistryError("NAME_UNKNOWN", { detail: { name } });
  const pace = async () => signal?.throwIfAborted();
  return scanRepository(withoutLocks(store), { prefix: repositoryPrefix(name), name, pace });
}
