// How a deletion is cut into requests, so that one sees how far it is and each is over soon.
import type { DeletionPlanAnswer, TagOfManifest } from "./answers.ts";

/** One request. */
export interface DeletionStep {
  readonly tags: readonly TagOfManifest[];
  readonly manifests: readonly string[];
}

const maxItems = 200;

/** Tags first: a manifest can go once no tag leads to it. */
export function listSteps({
  tags,
  manifests,
}: Pick<DeletionPlanAnswer, "tags" | "manifests">): readonly DeletionStep[] {
  const digests = manifests.map(({ digest }) => digest);
  return [
    ...cut(tags).map((each) => ({ tags: each, manifests: [] })),
    ...cut(digests).map((each) => ({ tags: [], manifests: each })),
  ];
}

function cut<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / maxItems) }, (_, index) =>
    items.slice(index * maxItems, (index + 1) * maxItems),
  );
}
