// Which tags are selected: some by name, or all that match a filter.

/** Some tags by name, or everything that the filter lets through, also what is not shown yet. */
export type TagSelection =
  | { readonly kind: "some"; readonly tags: ReadonlySet<string> }
  | { readonly kind: "matching"; readonly filter: string; readonly count: number };

/** Nothing is selected. */
export const noSelection: TagSelection = { kind: "some", tags: new Set() };

/** How many are selected. */
export function countSelected(selection: TagSelection): number {
  return selection.kind === "some" ? selection.tags.size : selection.count;
}

/** Whether the tag, which is shown, is selected. */
export function isSelected(selection: TagSelection, tag: string): boolean {
  return selection.kind === "matching" || selection.tags.has(tag);
}

/** With the tag selected, or not any more; from "all that match" those that are shown are left. */
export function toggleTag(
  selection: TagSelection,
  { tag, shown }: { readonly tag: string; readonly shown: readonly string[] },
): TagSelection {
  const tags = new Set(selection.kind === "some" ? selection.tags : shown);
  if (!tags.delete(tag)) tags.add(tag);
  return { kind: "some", tags };
}

/** What the API is asked to delete. An empty filter would match nothing there. */
export function formatWish(
  selection: TagSelection,
): { readonly tags: readonly string[] } | { readonly filter: string } {
  if (selection.kind === "some") return { tags: [...selection.tags] };
  return { filter: selection.filter === "" ? "*" : selection.filter };
}
