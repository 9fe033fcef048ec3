// The links below a prefix of a repository as a collector sees them: each directory that a link should be in. What stands
// there that is no directory or no file counts as a link, with a problem: it may be one that was damaged.
import type { Pace } from "../../lib/pacer.ts";
import { type Digest, parseAlgorithm } from "../../oci/digest.ts";
import type { Key } from "../../storage/ports.ts";
import { digestFromPath } from "../layout.ts";
import { readLink } from "../links.ts";
import type { Store } from "../store.ts";

/** A directory that a link should be in. */
interface LinkPlace {
  readonly prefix: Key;
  /** Undefined if the path spells no digest that we store under. */
  readonly digest: Digest | undefined;
  /** Undefined if there is no link. */
  readonly changedMs: number | undefined;
  /** What the link holds, if that is not the digest of its path. */
  readonly target: Digest | undefined;
  readonly problem: string | undefined;
}

/** A link that is there. */
export interface DatedLink {
  readonly key: Key;
  readonly digest: Digest;
  readonly changedMs: number;
}

/** The links below a prefix, and what is there instead of links; throws if a part of it cannot be listed. */
export async function readLinks(store: Store, prefix: Key, pace: Pace | undefined) {
  const links: DatedLink[] = [];
  const aliases: Digest[] = [];
  const vacancies: Key[] = [];
  const problems: string[] = [];
  for await (const { prefix: place, digest, changedMs, target, problem } of walkLinks(store, prefix)) {
    await pace?.();
    if (target !== undefined) aliases.push(target);
    if (problem !== undefined) problems.push(problem);
    else if (changedMs === undefined) vacancies.push(place);
    if (digest !== undefined && changedMs !== undefined) links.push({ key: `${place}/link`, digest, changedMs });
  }
  return { links, aliases, vacancies, problems };
}

/** Every place below the prefix, such as `_layers`; throws if a part of it cannot be listed. */
async function* walkLinks(store: Store, prefix: Key): AsyncGenerator<LinkPlace> {
  const strays: string[] = [];
  const algorithms = await store.objects.list(prefix, { others: (name) => strays.push(name) });
  for (const name of strays) {
    const problem = `${prefix}/${name} is not a directory`;
    if (parseAlgorithm(name) !== undefined) throw Object.assign(new Error(problem), { code: "ENOTDIR" });
    yield damagedPlace(`${prefix}/${name}`, undefined, problem);
  }
  for (const algorithm of algorithms) {
    const others: string[] = [];
    const names = await store.objects.list(`${prefix}/${algorithm}`, { others: (name) => others.push(name) });
    for (const hex of others) {
      const place = `${prefix}/${algorithm}/${hex}`;
      yield damagedPlace(place, digestFromPath(algorithm, hex), `${place} is not a directory`);
    }
    for (const hex of names) yield await inspectLink(store, `${prefix}/${algorithm}/${hex}`, { algorithm, hex });
  }
}

/** It is there, whatever it holds, and keeps what its path names. */
function damagedPlace(prefix: Key, digest: Digest | undefined, problem: string): LinkPlace {
  return { prefix, digest, changedMs: 0, target: undefined, problem };
}

async function inspectLink(
  store: Store,
  prefix: Key,
  { algorithm, hex }: { readonly algorithm: string; readonly hex: string },
): Promise<LinkPlace> {
  const digest = digestFromPath(algorithm, hex);
  try {
    return await readPlace(store, { prefix, digest, isStorable: parseAlgorithm(algorithm) !== undefined });
  } catch (error) {
    return damagedPlace(prefix, digest, `${prefix}/link cannot be read: ${error}`);
  }
}

async function readPlace(
  store: Store,
  { prefix, digest, isStorable }: Pick<LinkPlace, "prefix" | "digest"> & { readonly isStorable: boolean },
): Promise<LinkPlace> {
  const link = `${prefix}/link`;
  const stat = await store.objects.stat(link);
  const place = { ...damagedPlace(prefix, digest, ""), changedMs: stat?.changedMs, problem: undefined };
  if (stat === undefined) {
    return (await store.directory.isObstructed(link)) ? damagedPlace(prefix, digest, `${link} is not a file`) : place;
  }
  // The length tells whether a link may hold another digest than its path; reading each would double the work.
  if (stat.sizeBytes === digest?.length) return place;
  const target = await readLink(store, link);
  if (target === undefined) return { ...place, problem: `${link} is empty or malformed` };
  if (digest === undefined && isStorable) {
    return { ...place, target, problem: `${prefix} is not named by a digest` };
  }
  return { ...place, target };
}
