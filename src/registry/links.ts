// Links: small objects that hold a digest. A link holds its blob: a blob goes only when no link leads to it.
import { type Digest, digestAlgorithm, parseDigest } from "../oci/digest.ts";
import type { Adding } from "../storage/changes.ts";
import type { Key, NewObject } from "../storage/ports.ts";
import { digestFromPath } from "./layout.ts";
import type { Store } from "./store.ts";

const maxLinkBytes = 1024;

/**
 * The digest that a link holds; undefined if it is absent, empty or malformed (a crash of registry:2 leaves empty ones,
 * and an editor adds a newline).
 */
export async function readLink(store: Store, key: Key): Promise<Digest | undefined> {
  const bytes = await store.objects.read(key, maxLinkBytes);
  return bytes === undefined ? undefined : parseDigest(new TextDecoder().decode(bytes).trim());
}

/**
 * The digest under which the bytes of `digest` are stored, as the link says. It differs only for sha512 uploads to
 * registry:2 and registry:3, which file them under sha256. A sha256 link that says something else is damaged.
 */
export async function followLink(store: Store, key: Key, digest: Digest): Promise<Digest | undefined> {
  const target = await readLink(store, key);
  return target === digest || digestAlgorithm(digest) !== "sha256" ? target : undefined;
}

/** The digests spelled by the directories right below a prefix, such as `_layers`, whether or not they hold a link. */
export async function* listDigests(store: Store, prefix: Key): AsyncGenerator<Digest> {
  for (const algorithm of await store.objects.list(prefix)) {
    for (const hex of await store.objects.list(`${prefix}/${algorithm}`)) {
      const digest = digestFromPath(algorithm, hex);
      if (digest !== undefined) yield digest;
    }
  }
}

/** Until then another process may have made a link without having synced it yet. */
const settledAgeMs = 60_000;

/** A link to be written, within an `Adding`. */
export interface NewLink {
  readonly adding: Adding;
  readonly digest: Digest;
}

/**
 * Writes the link, or renews an existing intact one; true if there was none. It survives a power cut once the adding
 * has ended.
 */
export async function putLink(store: Store, key: Key, { adding, digest }: NewLink): Promise<boolean> {
  const bytes = new TextEncoder().encode(digest);
  // If each step is a request, it is simply written.
  if (!store.changes.isExclusive) {
    if (await adding.replace(key, bytes, { expected: undefined })) return true;
    await store.objects.put(key, bytes);
    return false;
  }
  const { wasThere, due } = await findDue(store, key, digest);
  if (due !== undefined) await store.objects.put(key, bytes, { isDurable: false });
  return !wasThere;
}

/** Puts an object and then links that lead to it: together, if the store can put several in order at once. */
export async function putWithLinks(
  store: Store,
  object: NewObject,
  { links, ...link }: NewLink & { readonly links: readonly Key[] },
): Promise<void> {
  if (!store.changes.isExclusive) {
    await store.objects.put(object.key, object.bytes);
    for (const key of links) await putLink(store, key, link);
    return;
  }
  const due: NewObject[] = [];
  for (const key of links) due.push(...(await dueLink(store, key, link.digest)));
  await store.objects.putAll([object, ...due], { isDurable: false });
}

/** The link if it has to be written; an existing intact one is renewed instead. */
export async function dueLink(store: Store, key: Key, digest: Digest): Promise<readonly NewObject[]> {
  const { due } = await findDue(store, key, digest);
  return due === undefined ? [] : [due];
}

/**
 * A young link is written again: its writer may not have synced it yet, and what we acknowledge must survive a power cut.
 */
async function findDue(
  store: Store,
  key: Key,
  digest: Digest,
): Promise<{ readonly wasThere: boolean; readonly due: NewObject | undefined }> {
  const stat = await store.objects.stat(key);
  const isSettled = stat !== undefined && store.now() - stat.changedMs > settledAgeMs;
  // By length too: a newline after the digest is ignored here, but not by the Go registries.
  const isWhole = isSettled && stat.sizeBytes === digest.length && (await readLink(store, key)) === digest;
  const isRenewed = isWhole && (await store.objects.renew(key));
  return {
    wasThere: stat !== undefined,
    due: isRenewed ? undefined : { key, bytes: new TextEncoder().encode(digest) },
  };
}
