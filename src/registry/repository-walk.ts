// A walk over the repositories of a directory, in the order of distribution: component by component. Names are handed over
// several at once, and what is known is seen without a promise: a turn for each would take longer than the look that finds it.
import { orElse, type Soon } from "../lib/soon.ts";
import { errorCode } from "../lib/system-error.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/name.ts";
import type { Key } from "../storage/ports.ts";
import { repositoriesPrefix, repositoryPrefix, reservedPrefix } from "./layout.ts";
import { nameListsOf } from "./name-lists.ts";
import type { Store } from "./store.ts";

/** The system's codes for something that is not a directory: a file, a dangling link, a link that loops. */
const noDirectoryCodes: readonly (string | undefined)[] = ["ENOTDIR", "ENOLINK", "ELOOP"];

/** For a failed look at something that is no directory, which a check reports and a walk skips; throws any other error. */
export function passNoDirectory(error: unknown): undefined {
  if (!noDirectoryCodes.includes(errorCode(error))) throw error;
}

/** Where a walk begins, in components of names. */
interface WalkPart {
  readonly below: readonly string[];
  /** What of a name comes after those. */
  readonly after: readonly string[];
}

type PrefixOf = (name: RepositoryName) => Key;

/** All repositories that have such a prefix, after the given one, in the order of the catalog. */
export async function* walkRepositories(
  store: Store,
  prefixOf: PrefixOf,
  after?: string,
): AsyncGenerator<RepositoryName> {
  const part = { below: [], after: after === undefined ? [] : after.split("/") };
  for await (const names of sliceRepositories(store, prefixOf, part)) yield* names;
}

/** The same names, several at once: the first alone, then more each time, so that little is looked at beyond a short page. */
export async function* sliceRepositories(
  store: Store,
  prefixOf: PrefixOf,
  { below, after }: WalkPart,
): AsyncGenerator<readonly RepositoryName[]> {
  const found = new FoundNames();
  yield* walkBelow({ store, prefixOf, found }, below, after);
  const rest = found.take();
  if (rest.length > 0) yield rest;
}

const mostTogether = 16;

/** Names that were found and not handed over yet. */
class FoundNames {
  #names: RepositoryName[] = [];
  #most = 1;

  /** Whether they are to be taken now. */
  add(name: RepositoryName): boolean {
    this.#names.push(name);
    return this.#names.length >= this.#most;
  }

  take(): readonly RepositoryName[] {
    const names = this.#names;
    this.#names = [];
    this.#most = Math.min(2 * this.#most, mostTogether);
    return names;
  }
}

interface RepositoryWalk {
  readonly store: Store;
  readonly prefixOf: PrefixOf;
  readonly found: FoundNames;
}

/** One look at each directory tells what is below it, and whether it is a repository itself. */
async function* walkBelow(
  walk: RepositoryWalk,
  path: readonly string[],
  after: readonly string[],
  inside?: readonly string[],
): AsyncGenerator<readonly RepositoryName[]> {
  const { store, prefixOf, found } = walk;
  const [afterFirst, ...afterRest] = after;
  const components = inside ?? (await recallWhatIsThere(store, [repositoriesPrefix, ...path].join("/"))) ?? [];
  const above = path.map((component) => `${component}/`).join("");
  for (let index = indexFrom(components, afterFirst); index < components.length; index += 1) {
    const component = components[index] ?? "";
    if (component.startsWith(reservedPrefix)) continue;
    const name = parseRepositoryName(above + component);
    if (name === undefined) continue;
    const look = recallWhatIsThere(store, repositoryPrefix(name));
    const below = look instanceof Promise ? await look : look;
    if (below === undefined) continue;
    // On the way to `after`, the repository itself has been listed already; what is below it may not have been.
    const isPassed = component === afterFirst;
    const isOne = !isPassed && below.includes(lastComponent(prefixOf(name)));
    if (isOne && found.add(name)) yield found.take();
    if (below.every((each) => each.startsWith(reservedPrefix))) continue;
    yield* walkBelow(walk, [...path, component], isPassed ? afterRest : [], below);
  }
}

/** Where the names that are not before this one begin. */
function indexFrom(names: readonly string[], first = ""): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? first) < first) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lastComponent(key: Key): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** What is in a directory, without reading one that is as it was the last time. */
function recallWhatIsThere(store: Store, prefix: Key): Soon<readonly string[] | undefined> {
  return orElse(() => nameListsOf(store).of(store, prefix), passNoDirectory);
}
