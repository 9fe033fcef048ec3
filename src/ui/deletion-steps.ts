// How a deletion is cut into requests, so that one sees how far it is and each is over soon.
import type { DeletionPlanAnswer, GoingManifest, TagOfManifest } from "./answers.ts";

/** One request. */
export interface DeletionStep {
  readonly tags: readonly TagOfManifest[];
  readonly manifests: readonly Pick<GoingManifest, "digest" | "because">[];
}

const maxItems = 200;

/**
 * Tags first: a manifest can go once no tag leads to it. Why each goes is said too, so that a signature stays if the image
 * of an earlier request did.
 */
export function listSteps({
  tags,
  manifests,
}: Pick<DeletionPlanAnswer, "tags" | "manifests">): readonly DeletionStep[] {
  const going = manifests.map(({ digest, because }) => ({ digest, because }));
  return [
    ...cut(tags).map((each) => ({ tags: each, manifests: [] })),
    ...cut(going).map((each) => ({ tags: [], manifests: each })),
  ];
}

function cut<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / maxItems) }, (_, index) =>
    items.slice(index * maxItems, (index + 1) * maxItems),
  );
}
