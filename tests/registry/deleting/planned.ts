// Plans of deletions and their orders, as tests ask for them.
import type { Tag } from "../../../src/oci/reference.ts";
import type { CarryOutOptions } from "../../../src/registry/deleting/carry-out.ts";
import { carryOutDeletion } from "../../../src/registry/deleting/carry-out.ts";
import { type DeletionPlan, type PlanOptions, planDeletion } from "../../../src/registry/deleting/plan-deletion.ts";
import type { DeletionSelection } from "../../../src/registry/deleting/selection.ts";
import { named, type Stocked, tagged } from "../stocked.ts";

/** A day of grace, and a collection each day. */
export const schedule = { graceMs: 86_400_000, intervalMs: 86_400_000, deletesUntagged: false };

/** The plan for tags, written with spaces between them, or for another selection. */
export async function plan(
  { store }: Stocked,
  chosen: string | Partial<DeletionSelection>,
  options: Partial<PlanOptions> = {},
): Promise<DeletionPlan> {
  const none = { tags: [], digests: [], isEverything: false };
  const selection = typeof chosen === "string" ? { ...none, tags: tagsOf(chosen) } : { ...none, ...chosen };
  return planDeletion(store, named("app"), { selection, schedule, ...options });
}

/** Carries the plan out as it says. */
export function carryOut(
  { store }: Stocked,
  { tags, manifests }: DeletionPlan,
  options: Omit<CarryOutOptions, "order"> = {},
) {
  const order = { tags, manifests: manifests.map(({ digest }) => digest) };
  return carryOutDeletion(store, named("app"), { order, ...options });
}

function tagsOf(text: string): readonly Tag[] {
  return text.split(" ").map(tagged);
}
