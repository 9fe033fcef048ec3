// A repository: its tags, filtered and sorted, and what one may do with those that are selected.
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { TagsAnswer } from "../answers.ts";
import { MoreButton, useLoadedPages } from "../loading.tsx";
import { FailureNotice, isGone, LoadingNotice, Notice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import type { PageLocation, TagSort } from "../page-location.ts";
import { replaceLocation, SearchField } from "../search-field.tsx";
import { countSelected, formatWish, noSelection, type TagSelection } from "../tag-selection.ts";
import { DeletionDialog } from "./deletion-dialog.tsx";
import { RepositoryPath } from "./repository-path.tsx";
import { TagsTable } from "./tags-table.tsx";

const pageItems = 100;

type RepositoryPlace = Extract<PageLocation, { kind: "repository" }>;

/** The view of one repository. */
export function RepositoryView({ location }: { readonly location: RepositoryPlace }): VNode {
  const { texts } = usePage();
  const { name, query } = location;
  const loaded = useTags(location);
  const { pages, error, reload } = loaded;
  const first = pages[0];
  return (
    <>
      <div class="bar">
        <RepositoryPath name={name} />
        <SearchField
          query={query}
          label={texts.filter}
          hint={texts.filterHint}
          maxLength={128}
          onChange={(text) => replaceLocation({ ...location, query: text })}
        />
      </div>
      {first?.upstream != null && <p class="quiet">{texts.cacheOf(first.upstream)}</p>}
      {error !== undefined && isGone(error) && <Notice isBad>{texts.repositoryGone}</Notice>}
      {error !== undefined && !isGone(error) && <FailureNotice error={error} retry={reload} />}
      {error === undefined && first === undefined && <LoadingNotice />}
      <Tags location={location} loaded={loaded} />
    </>
  );
}

type LoadedTags = ReturnType<typeof useTags>;

function useTags({ name, query, sort, isDescending }: RepositoryPlace) {
  const { client } = usePage();
  return useLoadedPages<TagsAnswer>(
    (path, signal) => {
      const order = isDescending ? "desc" : "asc";
      const filter = query === "" ? {} : { filter: query };
      const fields = new URLSearchParams({ n: String(pageItems), sort, order, ...filter });
      const first = client.apiPath(`repositories/${name}/tags?${fields}`);
      return client.askJson({ path: path ?? first, scope: `repository:${name}:pull`, signal });
    },
    [name, query, sort, isDescending],
  );
}

/** The tags that came, and what is selected of them; it stays while others come. */
function Tags({ location, loaded }: { readonly location: RepositoryPlace; readonly loaded: LoadedTags }): VNode {
  const { session, announce } = usePage();
  const { name, query } = location;
  const { pages, error, reload } = loaded;
  const [selection, setSelection] = useState<TagSelection>(noSelection);
  const [isDeleting, setDeleting] = useState(false);
  useEffect(() => setSelection(noSelection), [name, query]);
  const first = pages[0];
  const mayDelete = mayDeleteFrom(first, session.deletion.isPossible);
  const selecting = { selection, onSelect: setSelection, onDelete: () => setDeleting(true) };
  const finish = (message: string) => {
    setDeleting(false);
    setSelection(noSelection);
    announce(message);
    reload();
  };
  return (
    <>
      {first !== undefined && error === undefined && (
        <ShownTags first={first} location={location} loaded={loaded} selecting={mayDelete ? selecting : undefined} />
      )}
      {isDeleting && (
        <DeletionDialog name={name} wish={formatWish(selection)} onDone={finish} onClose={() => setDeleting(false)} />
      )}
    </>
  );
}

interface Selecting {
  readonly selection: TagSelection;
  readonly onSelect: (selection: TagSelection) => void;
  readonly onDelete: () => void;
}

function ShownTags({
  first,
  location,
  loaded: { pages, isLoading, loadMore },
  selecting,
}: {
  readonly first: TagsAnswer;
  readonly location: RepositoryPlace;
  readonly loaded: LoadedTags;
  /** Undefined if nothing may be deleted. */
  readonly selecting: Selecting | undefined;
}): VNode {
  const { texts } = usePage();
  const { name, query, sort, isDescending } = location;
  const onSort = (next: TagSort) =>
    replaceLocation({ ...location, sort: next, isDescending: nextOrder(location, next) });
  return (
    <>
      <div class="bar under">
        <p class="count" role="status">
          {texts.matching(first.matching, first.total)}
        </p>
        {selecting !== undefined && <SelectionBar {...selecting} all={{ filter: query, count: first.matching }} />}
      </div>
      {first.matching === 0 && <Notice>{first.total === 0 ? texts.noTags : texts.noMatches}</Notice>}
      {first.matching > 0 && (
        <TagsTable
          name={name}
          pages={pages}
          sorting={{ sort, isDescending }}
          onSort={onSort}
          selection={selecting?.selection}
          onSelect={selecting?.onSelect ?? (() => {})}
          isBusy={isLoading}
        />
      )}
      <MoreButton loadMore={loadMore} />
    </>
  );
}

/** Who may; not from a cache, whose tags come back with the next pull. */
function mayDeleteFrom(page: TagsAnswer | undefined, isPossible: boolean): boolean {
  return isPossible && page !== undefined && page.upstream === null && page.actions.includes("delete");
}

/** Once more the same column turns it; times and sizes begin with the newest and the largest. */
function nextOrder({ sort, isDescending }: RepositoryPlace, next: TagSort): boolean {
  return next === sort ? !isDescending : next !== "name";
}

function SelectionBar({
  selection,
  all,
  onSelect,
  onDelete,
}: Selecting & { readonly all: { readonly filter: string; readonly count: number } }): VNode {
  const { texts } = usePage();
  const count = countSelected(selection);
  return (
    <div class="selection">
      {count > 0 && <span class="quiet">{texts.selectedCount(count)}</span>}
      {count < all.count && all.count > 1 && (
        <button type="button" class="small" onClick={() => onSelect({ kind: "matching", ...all })}>
          {texts.selectMatching(all.count)}
        </button>
      )}
      {count > 0 && (
        <button type="button" class="small" onClick={() => onSelect(noSelection)}>
          {texts.clearSelection}
        </button>
      )}
      <button type="button" class="small danger" disabled={count === 0} onClick={onDelete}>
        {texts.delete}
      </button>
    </div>
  );
}
