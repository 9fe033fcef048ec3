// The repositories as a tree: one level for each component of their names, loaded when it is opened.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { RepositoryRow, TreeAnswer, TreeRow } from "../answers.ts";
import { MoreButton, useLoadedPages } from "../loading.tsx";
import { FailureNotice, LoadingNotice, Notice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import { formatPageLocation, repositoryAt } from "../page-location.ts";
import { ByteCount, Moment } from "../shown-values.tsx";
import { RepositoryRemarks } from "./repository-remarks.tsx";

const pageItems = 100;

/** The whole tree, of which only what is open is loaded. */
export function RepositoryTree(): VNode {
  const { texts } = usePage();
  return (
    <>
      <div class="tree-heading" aria-hidden="true">
        <span>{texts.name}</span>
        <span class="right">{texts.tagsHeading}</span>
        <span class="right">{texts.size}</span>
        <span>{texts.lastPush}</span>
      </div>
      <TreeLevel prefix="" depth={0} />
    </>
  );
}

function TreeLevel({ prefix, depth }: { readonly prefix: string; readonly depth: number }): VNode {
  const { texts, client, session } = usePage();
  const { pages, error, isLoading, loadMore, reload } = useLoadedPages<TreeAnswer>(
    (path, signal) => {
      const first = client.apiPath(`tree?${new URLSearchParams({ n: String(pageItems), prefix })}`);
      return client.askJson({ path: path ?? first, scope: "registry:catalog:*", signal });
    },
    [prefix],
  );
  if (error !== undefined) return <FailureNotice error={error} retry={reload} />;
  if (pages.length === 0) return <LoadingNotice />;
  const rows = pages.flatMap(({ components }) => components);
  if (rows.length === 0)
    return <Notice>{session.seesEverything ? texts.noRepositories : texts.noRepositoriesSeen}</Notice>;
  return (
    <ul class="tree" aria-busy={isLoading}>
      {rows.map((row) => (
        <TreeItem key={row.name} row={row} depth={depth} />
      ))}
      {loadMore !== undefined && (
        <li>
          <MoreButton loadMore={loadMore} />
        </li>
      )}
    </ul>
  );
}

function TreeItem({ row, depth }: { readonly row: TreeRow; readonly depth: number }): VNode {
  const { texts, openFolders } = usePage();
  const [isOpen, setOpen] = useState(row.hasChildren && openFolders.has(row.name));
  const toggle = () => {
    if (isOpen) openFolders.delete(row.name);
    else openFolders.add(row.name);
    setOpen(!isOpen);
  };
  return (
    <li>
      <div class="tree-row">
        <span class="tree-name" style={{ paddingInlineStart: `${Math.min(depth, 12) * 1.25}rem` }}>
          {row.hasChildren ? (
            <button
              type="button"
              class="fold"
              aria-expanded={isOpen}
              aria-label={texts.open(row.name)}
              onClick={toggle}
            />
          ) : (
            <span class="fold" aria-hidden="true" />
          )}
          {row.isRepository ? (
            <a href={formatPageLocation(repositoryAt(row.name))}>{row.component}</a>
          ) : (
            // For who points at it; the button before it is for everybody.
            // biome-ignore lint/a11y/noStaticElementInteractions: the button before it does the same
            // biome-ignore lint/a11y/useKeyWithClickEvents: the button before it does the same
            <span class="folder" onClick={toggle}>
              {row.component}/
            </span>
          )}
          {row.repository != null && <RepositoryRemarks row={row.repository} />}
        </span>
        {row.repository != null && <TreeFacts row={row.repository} />}
      </div>
      {isOpen && <TreeLevel prefix={`${row.name}/`} depth={depth + 1} />}
    </li>
  );
}

function TreeFacts({ row }: { readonly row: RepositoryRow }): VNode {
  const { texts } = usePage();
  return (
    <>
      <span class="right number" title={texts.tagCount(row.tags)}>
        {row.tags.toLocaleString(texts.language)}
        <span class="unit"> {texts.tagsHeading}</span>
      </span>
      <span class="right">
        <ByteCount sizeBytes={row.sizeBytes} />
      </span>
      <span>
        <Moment time={row.pushed} />
      </span>
    </>
  );
}
