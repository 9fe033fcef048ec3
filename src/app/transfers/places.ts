// From what a user writes to the two ends of copies: repositories of the store and of registries, layouts and archives.
import type { Configuration } from "../../config/schema.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import { anonymous } from "../../registry/actor.ts";
import { compileImmutable } from "../../registry/immutable-tags.ts";
import { openRegistry, type Registry } from "../../registry/registry.ts";
import type { Store } from "../../registry/store.ts";
import type { DestinationPlace, Home, SourcePlace } from "../../transfer/place.ts";
import { remoteDestination } from "../../transfer/remote-destination.ts";
import { remoteSource } from "../../transfer/remote-source.ts";
import { storeDestination } from "../../transfer/store-destination.ts";
import { storeSource } from "../../transfer/store-source.ts";
import { rulesOf } from "../store/manifest-rules.ts";
import type { Registries } from "./registries.ts";

/** A store that copies work on. */
export interface CopiedStore {
  readonly store: Store;
  readonly registry: Registry;
}

/** The store's registry with the rules of a push; copies count as no pulls. */
export function openCopiedStore(store: Store, { validation, access }: Configuration): CopiedStore {
  const registry = openRegistry(store, {
    rules: rulesOf(validation),
    isImmutable: compileImmutable(access.immutable),
  });
  return { store, registry };
}

/** Where repositories are found: those of the store, if it is open, and those of registries. */
export interface RepositoryPlaces {
  readonly store: CopiedStore | undefined;
  readonly registries: Registries;
}

/** The name of this store among the homes of repositories. No host has it. */
const storeHome = "";
const pageSize = 1000;

/** A repository as a source; undefined as the host is the store. */
export async function repositorySource(
  places: RepositoryPlaces,
  host: string | undefined,
  name: RepositoryName,
): Promise<SourcePlace> {
  if (host !== undefined) return remoteSource(await places.registries.repository(host, name));
  return storeSource(requireStore(places).registry.repository(name, anonymous()), homeOf(name));
}

/** A repository as a destination. */
export async function repositoryDestination(
  places: RepositoryPlaces,
  host: string | undefined,
  name: RepositoryName,
): Promise<DestinationPlace> {
  if (host !== undefined) return remoteDestination(await places.registries.repository(host, name));
  const { store, registry } = requireStore(places);
  return await storeDestination(store, registry.repository(name, anonymous()), { home: homeOf(name) });
}

/** The repositories of the store or of a registry that lists them. */
export async function* listRepositoryNames(
  places: RepositoryPlaces,
  host: string | undefined,
): AsyncGenerator<RepositoryName> {
  if (host === undefined) yield* listStored(requireStore(places).registry);
  else {
    for await (const page of (await places.registries.api(host)).listRepositories()) {
      for (const text of page) {
        const name = parseRepositoryName(text);
        if (name !== undefined) yield name;
      }
    }
  }
}

/** The repositories of a store. */
async function* listStored(registry: Registry): AsyncGenerator<RepositoryName> {
  for (let after: RepositoryName | undefined; ; ) {
    const { items, hasMore } = await registry.list({ limit: pageSize, after });
    yield* items;
    after = items.at(-1);
    if (!hasMore || after === undefined) return;
  }
}

function requireStore({ store }: RepositoryPlaces): CopiedStore {
  if (store === undefined) throw new TypeError("no store was opened");
  return store;
}

function homeOf(name: RepositoryName): Home {
  return { registry: storeHome, name };
}
