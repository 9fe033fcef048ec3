// Remarks after the name of a repository in lists.
import type { VNode } from "preact";
import type { RepositoryRow } from "../answers.ts";
import { usePage } from "../page-context.tsx";

/** What is particular about it. */
export function RepositoryRemarks({ row }: { readonly row: RepositoryRow }): VNode {
  const { texts } = usePage();
  return (
    <>
      {row.upstream !== null && <span class="badge">{texts.cacheOf(row.upstream)}</span>}
      {row.problem !== null && <span class="badge bad">{row.problem}</span>}
    </>
  );
}
