// The store as people look at it: repositories with sizes, tags with images, what takes the space. Everything is read as
// it is, without a lock. Equal questions share an answer, and only so many are computed at once, so that however many
// people look, pushes and pulls keep their share of the disk and of the thread.

import { SharedWork } from "../../lib/shared-work.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { IsImmutable } from "../immutable-tags.ts";
import { type LastRun, type RunKind, readLastRun } from "../last-runs.ts";
import { isRepository, type Page } from "../repositories.ts";
import type { Store } from "../store.ts";
import { LargestRepositories } from "./largest.ts";
import type { RepositoryFacts } from "./repository-facts.ts";
import {
  listComponents,
  listRepositoryPage,
  type NameComponent,
  type RepositoryRequest,
} from "./repository-listing.ts";
import { listTagPage, type TagPage, type TagRequest } from "./tag-listing.ts";
import { readTagTable, type TagTable } from "./tag-table.ts";
import { refuseTooMuch } from "./too-much-work.ts";
import { measureUsage, type RepositoryUsage, type Usage, type UsageRequest } from "./usage.ts";

/** What takes the space, with the repositories that take the most of it. */
export interface UsageOverview extends Usage {
  /** Largest first. */
  readonly largest: readonly RepositoryUsage[];
  /** Repositories of which something cannot be read; not all of many. */
  readonly unreadable: readonly RepositoryUsage[];
}

/** The read model of one store. Every method refuses with UNAVAILABLE where too much is being computed already. */
export interface Reading {
  repositories(request: RepositoryRequest): Promise<Page<RepositoryFacts>>;
  components(request: Omit<RepositoryRequest, "matches">): Promise<Page<NameComponent>>;
  /** Refuses with NAME_UNKNOWN where there is no such repository. */
  tags(name: RepositoryName, request: TagRequest): Promise<TagPage>;
  usage(request: Omit<UsageRequest, "each">): Promise<UsageOverview>;
  lastRun(kind: RunKind): Promise<LastRun | undefined>;
}

/** Two of each kind use what two cores have; the others wait. */
const limits = { maxRunning: 2, maxWaiting: 30 };

/** Opens the read model of a store. */
export function openReading(
  store: Store,
  { isImmutable }: { readonly isImmutable?: IsImmutable | undefined } = {},
): Reading {
  const listings = new SharedWork<Page<RepositoryFacts> | Page<NameComponent>>(limits);
  const tables = new SharedWork<TagTable>(limits);
  const pages = new SharedWork<TagPage>(limits);
  const usages = new SharedWork<UsageOverview>({ maxRunning: 1, maxWaiting: 0 });
  let count = 0;
  /** What depends on who asks is shared with nobody. */
  const ownKey = () => {
    count += 1;
    return String(count);
  };
  const list = <Listed extends Page<RepositoryFacts> | Page<NameComponent>>(
    signal: AbortSignal | undefined,
    read: (signal: AbortSignal) => Promise<Listed>,
  ) => refuseTooMuch(() => listings.run(ownKey(), signal, read)) as Promise<Listed>;
  return {
    repositories: (request) => list(request.signal, (signal) => listRepositoryPage(store, { ...request, signal })),
    components: (request) => list(request.signal, (signal) => listComponents(store, { ...request, signal })),
    tags: async (name, request) => {
      if (!(await isRepository(store, name))) throw new RegistryError("NAME_UNKNOWN", { detail: { name } });
      const key = request.question === undefined ? ownKey() : `${name} ${request.question}`;
      // The tables are as large as repositories are, so only those exist that a page is made of now.
      return await refuseTooMuch(() =>
        pages.run(key, request.signal, async (signal) => {
          const table = await tables.run(name, signal, (shared) => readTagTable(store, name, shared));
          return await listTagPage(store, name, { ...request, signal, table, isImmutable });
        }),
      );
    },
    usage: ({ schedule, signal }) =>
      refuseTooMuch(() =>
        usages.run("usage", signal, (shared) => measureOverview(store, { schedule, signal: shared })),
      ),
    lastRun: (kind) => readLastRun(store, kind),
  };
}

async function measureOverview(store: Store, request: Omit<UsageRequest, "each">): Promise<UsageOverview> {
  const largest = new LargestRepositories();
  const usage = await measureUsage(store, { ...request, each: (each) => largest.add(each) });
  return { ...usage, largest: largest.list(), unreadable: largest.unreadable() };
}
