// Repositories page by page, searched by name, and as a tree by the components of their names.
import type { RepositoryName } from "../../oci/name.ts";
import { parseRepositoryName } from "../../oci/name.ts";
import { repositoriesPrefix, reservedPrefix } from "../layout.ts";
import { isRepository, type Page, walkCatalog } from "../repositories.ts";
import type { Store } from "../store.ts";
import { type RepositoryFacts, readRepository } from "./repository-facts.ts";

/** Which repositories are wanted. A page is full whatever is left out. */
export interface RepositoryRequest {
  readonly limit: number;
  /** Those after this name, in the order of the catalog. */
  readonly after: string | undefined;
  /** What their names begin with; "" for all. */
  readonly prefix: string;
  readonly matches?: ((name: string) => boolean) | undefined;
  readonly isVisible?: ((name: RepositoryName) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The page. */
export async function listRepositoryPage(store: Store, request: RepositoryRequest): Promise<Page<RepositoryFacts>> {
  const { limit, after, prefix, matches, isVisible, signal } = request;
  const names: RepositoryName[] = [];
  let hasMore = false;
  const below = wholeComponents(prefix);
  if (below === undefined) return { items: [], hasMore };
  for await (const name of walkCatalog(store, { below, after })) {
    signal?.throwIfAborted();
    if (!name.startsWith(prefix) || matches?.(name) === false || isVisible?.(name) === false) continue;
    hasMore = names.length === limit;
    if (hasMore) break;
    names.push(name);
  }
  const items: RepositoryFacts[] = [];
  for (const name of names) items.push(await readRepository(store, name, signal));
  return { items, hasMore };
}

/** One component of names below a prefix. */
export interface NameComponent {
  readonly component: string;
  /** With everything before it. */
  readonly name: RepositoryName;
  /** The repository of that name; undefined where there is none that the caller sees. */
  readonly repository: RepositoryFacts | undefined;
  /** Whether names continue below it. */
  readonly hasChildren: boolean;
}

/** What follows a prefix, which is empty or ends in "/", where the caller sees a repository at or below it. */
export async function listComponents(
  store: Store,
  { limit, after, prefix, isVisible = () => true, signal }: Omit<RepositoryRequest, "matches">,
): Promise<Page<NameComponent>> {
  const below = wholeComponents(prefix);
  const items: NameComponent[] = [];
  if (below === undefined) return { items, hasMore: false };
  const place = [repositoriesPrefix, ...below].join("/");
  for (const component of await store.objects.list(place, after === undefined ? {} : { after })) {
    signal?.throwIfAborted();
    const name = component.startsWith(reservedPrefix) ? undefined : parseRepositoryName(`${prefix}${component}`);
    if (name === undefined) continue;
    const isThere = isVisible(name) && (await isRepository(store, name));
    const hasChildren = await hasVisible(store, name, { isVisible, signal });
    if (!isThere && !hasChildren) continue;
    if (items.length === limit) return { items, hasMore: true };
    const repository = isThere ? await readRepository(store, name, signal) : undefined;
    items.push({ component, name, repository, hasChildren });
  }
  return { items, hasMore: false };
}

/** Those before the last slash; undefined where no name can begin so, such as "..". */
function wholeComponents(prefix: string): readonly string[] | undefined {
  const components = prefix.split("/").slice(0, -1);
  if (components.length === 0) return components;
  return parseRepositoryName(components.join("/")) === undefined ? undefined : components;
}

/** Ends at the first one that is visible. */
async function hasVisible(
  store: Store,
  name: RepositoryName,
  {
    isVisible,
    signal,
  }: { readonly isVisible: (name: RepositoryName) => boolean; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  for await (const each of walkCatalog(store, { below: name.split("/"), after: undefined })) {
    signal?.throwIfAborted();
    if (isVisible(each)) return true;
  }
  return false;
}
