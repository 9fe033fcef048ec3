// The repositories: as a tree, or as a list of those that match.
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { RepositoriesAnswer, RepositoryRow } from "../answers.ts";
import { MoreButton, useLoadedPages } from "../loading.tsx";
import { FailureNotice, LoadingNotice, Notice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import { formatPageLocation, repositoryAt } from "../page-location.ts";
import { replaceLocation, SearchField } from "../search-field.tsx";
import { ByteCount, Moment } from "../shown-values.tsx";
import { RepositoryRemarks } from "./repository-remarks.tsx";
import { RepositoryTree } from "./repository-tree.tsx";

/** Everything is loaded in pages of so many. */
const pageItems = 50;

/** The view of all repositories. */
export function RepositoriesView({ query }: { readonly query: string }): VNode {
  const { texts } = usePage();
  return (
    <>
      <div class="bar">
        <h1 tabIndex={-1}>{texts.repositories}</h1>
        <SearchField
          query={query}
          label={texts.search}
          hint={texts.searchHint}
          maxLength={256}
          onChange={(text) => replaceLocation({ kind: "repositories", query: text })}
        />
      </div>
      {query === "" ? <RepositoryTree /> : <MatchingRepositories query={query} />}
    </>
  );
}

function MatchingRepositories({ query }: { readonly query: string }): VNode {
  const { texts, client, announce } = usePage();
  const { pages, error, isLoading, loadMore, reload } = useLoadedPages<RepositoriesAnswer>(
    (path, signal) => {
      const first = client.apiPath(`repositories?${new URLSearchParams({ n: String(pageItems), q: query })}`);
      return client.askJson({ path: path ?? first, scope: "registry:catalog:*", signal });
    },
    [query],
  );
  const rows = pages.flatMap(({ repositories }) => repositories);
  useEffect(() => {
    if (!isLoading) announce(texts.shown(rows.length));
  }, [isLoading, rows.length]);
  if (error !== undefined) return <FailureNotice error={error} retry={reload} />;
  if (pages.length === 0) return <LoadingNotice />;
  if (rows.length === 0) return <Notice>{texts.noMatches}</Notice>;
  return (
    <div aria-busy={isLoading}>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">{texts.name}</th>
            <th scope="col" class="right">
              {texts.tagsHeading}
            </th>
            <th scope="col" class="right">
              {texts.size}
            </th>
            <th scope="col">{texts.lastPush}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <td>
                <a href={formatPageLocation(repositoryAt(row.name))}>{row.name}</a>
                <RepositoryRemarks row={row} />
              </td>
              <RepositoryCells row={row} />
            </tr>
          ))}
        </tbody>
      </table>
      <MoreButton loadMore={loadMore} />
    </div>
  );
}

/** Number of tags, size and last push, as cells of a row. */
function RepositoryCells({ row }: { readonly row: RepositoryRow }): VNode {
  const { texts } = usePage();
  return (
    <>
      <td class="right number" data-label={texts.tagsHeading}>
        {row.tags.toLocaleString(texts.language)}
      </td>
      <td class="right" data-label={texts.size}>
        <ByteCount sizeBytes={row.sizeBytes} />
      </td>
      <td data-label={texts.lastPush}>
        <Moment time={row.pushed} />
      </td>
    </>
  );
}
