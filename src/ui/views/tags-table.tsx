// The tags of a repository in a table, or as cards where there is no room for one.
import type { VNode } from "preact";
import type { TagRow, TagsAnswer } from "../answers.ts";
import { usePage } from "../page-context.tsx";
import { formatPageLocation, type TagSort } from "../page-location.ts";
import { ByteCount, Moment, ShortDigest } from "../shown-values.tsx";
import { isSelected, type TagSelection, toggleTag } from "../tag-selection.ts";

/** More platforms than that are counted. */
const shownPlatforms = 6;

/** The table. */
export function TagsTable({
  name,
  pages,
  sorting,
  onSort,
  selection,
  onSelect,
  isBusy,
}: {
  readonly name: string;
  readonly pages: readonly TagsAnswer[];
  readonly sorting: { readonly sort: TagSort; readonly isDescending: boolean };
  readonly onSort: (sort: TagSort) => void;
  /** Undefined if nothing can be selected. */
  readonly selection: TagSelection | undefined;
  readonly onSelect: (selection: TagSelection) => void;
  readonly isBusy: boolean;
}): VNode {
  const { texts } = usePage();
  const rows = pages.flatMap(({ tags }) => tags);
  const shown = rows.map(({ tag }) => tag);
  const heading = { sorting, onSort };
  return (
    <table class="rows tags" aria-busy={isBusy}>
      <thead>
        <tr>
          {selection !== undefined && <SelectShown shown={shown} selection={selection} onSelect={onSelect} />}
          <SortHeading by="name" text={texts.tag} {...heading} />
          <th scope="col">{texts.digest}</th>
          <th scope="col">{texts.platforms}</th>
          <SortHeading by="size" text={texts.size} {...heading} />
          <SortHeading by="pushed" text={texts.pushed} {...heading} />
          <th scope="col">{texts.pulled}</th>
          <th scope="col">{texts.aliases}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <TagCells
            key={row.tag}
            name={name}
            row={row}
            isChosen={selection === undefined ? undefined : isSelected(selection, row.tag)}
            onToggle={() => selection !== undefined && onSelect(toggleTag(selection, { tag: row.tag, shown }))}
          />
        ))}
      </tbody>
    </table>
  );
}

function SelectShown({
  shown,
  selection,
  onSelect,
}: {
  readonly shown: readonly string[];
  readonly selection: TagSelection;
  readonly onSelect: (selection: TagSelection) => void;
}): VNode {
  const { texts } = usePage();
  const areAll = shown.every((tag) => isSelected(selection, tag));
  return (
    <th scope="col" class="check">
      <input
        type="checkbox"
        aria-label={texts.selectShown}
        checked={areAll}
        onChange={() => onSelect({ kind: "some", tags: new Set(areAll ? [] : shown) })}
      />
    </th>
  );
}

function SortHeading({
  by,
  text,
  sorting: { sort, isDescending },
  onSort,
}: {
  readonly by: TagSort;
  readonly text: string;
  readonly sorting: { readonly sort: TagSort; readonly isDescending: boolean };
  readonly onSort: (sort: TagSort) => void;
}): VNode {
  const order = isDescending ? "descending" : "ascending";
  return (
    <th scope="col" class={by === "size" ? "right" : undefined} aria-sort={by === sort ? order : "none"}>
      <button type="button" class="sort" onClick={() => onSort(by)}>
        {text}
      </button>
    </th>
  );
}

function TagCells({
  name,
  row,
  isChosen,
  onToggle,
}: {
  readonly name: string;
  readonly row: TagRow;
  readonly isChosen: boolean | undefined;
  readonly onToggle: () => void;
}): VNode {
  const { texts } = usePage();
  const imageAt = (reference: string) => formatPageLocation({ kind: "image", name, reference });
  return (
    <tr>
      {isChosen !== undefined && (
        <td class="check">
          <input type="checkbox" aria-label={texts.select(row.tag)} checked={isChosen} onChange={onToggle} />
        </td>
      )}
      <th scope="row">
        <a href={imageAt(row.tag)}>{row.tag}</a>
        {row.isImmutable && (
          <span class="badge" title={texts.immutable}>
            {texts.immutableShort}
          </span>
        )}
        {row.problem !== null && <span class="badge bad">{row.problem}</span>}
      </th>
      <td data-label={texts.digest}>
        <a href={imageAt(row.digest)}>
          <ShortDigest digest={row.digest} />
        </a>
      </td>
      <td data-label={texts.platforms}>
        <PlatformNames row={row} />
      </td>
      <td class="right" data-label={texts.size}>
        <ByteCount sizeBytes={row.sizeBytes} />
      </td>
      <td data-label={texts.pushed}>
        <Moment time={row.pushed} />
      </td>
      <td data-label={texts.pulled}>
        <Moment time={row.pulled} otherwise={texts.never} />
      </td>
      <td data-label={texts.aliases}>
        <AliasNames name={name} row={row} />
      </td>
    </tr>
  );
}

/** What is no image has a type instead. */
function PlatformNames({ row }: { readonly row: TagRow }): VNode {
  if (row.platforms.length === 0) return <span class="quiet type">{row.artifactType ?? "–"}</span>;
  const rest = row.platforms.length - shownPlatforms;
  return (
    <span class="platforms" title={row.platforms.join(", ")}>
      {row.platforms.slice(0, shownPlatforms).map((platform) => (
        <span key={platform}>{platform}</span>
      ))}
      {rest > 0 && <span>+{rest}</span>}
    </span>
  );
}

const shownAliases = 4;

function AliasNames({ name, row }: { readonly name: string; readonly row: TagRow }): VNode {
  const { texts } = usePage();
  if (row.aliasCount === 0) return <span class="quiet">–</span>;
  const shown = row.aliases.slice(0, shownAliases);
  const rest = row.aliasCount - shown.length;
  return (
    <>
      {shown.map((alias) => (
        <span key={alias} class="alias">
          <a href={formatPageLocation({ kind: "image", name, reference: alias })}>{alias}</a>{" "}
        </span>
      ))}
      {rest > 0 && <span class="quiet">{texts.aliasesMore(rest)}</span>}
    </>
  );
}
