// The catalog of a store that can be listed: an empty object for each repository that holds or held a manifest, so that a
// thousand of them are one request. Each push of a manifest writes it; collections write those that are missing, since
// another registry may have been at work, and take away those of repositories that are gone.
import { inTurns } from "../lib/pacer.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/name.ts";
import type { Key, Objects } from "../storage/ports.ts";
import { catalogCompleteKey, catalogKey, catalogPrefix, manifestsPrefix, repositoriesPrefix } from "./layout.ts";
import { type Store, withRemoving } from "./store.ts";

/** Which part of the catalog is wanted. */
export interface CatalogPart {
  /** Whole components that the names begin with. */
  readonly below: readonly string[];
  readonly after: string | undefined;
}

/** Stores whose catalog was complete once, and so is from then on. */
const complete = new WeakSet<Objects>();

/** Whether the catalog can be listed. */
export async function isCataloged({ listings, objects }: Store): Promise<boolean> {
  if (listings === undefined) return false;
  if (!complete.has(objects) && (await objects.stat(catalogCompleteKey)) !== undefined) complete.add(objects);
  return complete.has(objects);
}

/** Names of a catalog that can be listed, in its order. */
export async function* listCatalog(
  { listings }: Pick<Store, "listings">,
  { below, after }: CatalogPart,
): AsyncGenerator<RepositoryName> {
  const start = catalogKey(below.map((component) => `${component}/`).join(""));
  const later = [start, catalogKey(after ?? "")].sort().at(-1);
  for await (const page of listings?.scan(catalogPrefix, { after: later }) ?? []) {
    for await (const { key } of inTurns(page)) {
      if (!key.startsWith(start)) return;
      const name = parseRepositoryName(key.slice(catalogPrefix.length + 1).replaceAll("!", "/"));
      if (name !== undefined) yield name;
    }
  }
}

/** Writes the entry of a repository that gets a manifest; returns it, for it has to stay. Nothing where directories tell. */
export async function putCatalogEntry({ listings, objects }: Store, name: RepositoryName): Promise<readonly Key[]> {
  if (listings === undefined) return [];
  await objects.put(catalogKey(name), new Uint8Array());
  return [catalogKey(name)];
}

/** Of a store without any repository, the catalog is complete from the beginning. */
export async function beginCatalog(store: Store): Promise<void> {
  if (store.listings === undefined || (await isCataloged(store))) return;
  for await (const page of store.listings.scan(repositoriesPrefix)) if (page.length > 0) return;
  await store.objects.put(catalogCompleteKey, new Uint8Array());
}

/** For a collection that has just seen everything: exactly these repositories hold or held a manifest. */
export async function tidyCatalog(store: Store, seen: ReadonlySet<RepositoryName>): Promise<void> {
  if (store.listings === undefined) return;
  const missing = new Set(seen);
  for await (const name of listCatalog(store, { below: [], after: undefined })) {
    if (!missing.delete(name)) await takeEntry(store, name);
  }
  for await (const name of inTurns(missing)) await putCatalogEntry(store, name);
  if (!(await isCataloged(store))) await store.objects.put(catalogCompleteKey, new Uint8Array());
}

/** A push that comes meanwhile finds it announced. */
async function takeEntry(store: Store, name: RepositoryName): Promise<void> {
  await withRemoving(store, name, [catalogKey(name)], async (removing) => {
    const isEmpty = (await store.directory.prefixTime(manifestsPrefix(name))) === undefined;
    if (isEmpty) await removing.delete(catalogKey(name));
  });
}
