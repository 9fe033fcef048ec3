// Links to bytes that lie under another digest: registry:2 and registry:3 file sha512 uploads under sha256. Such a link
// cannot be checked by looking at it, so the bytes are read once before they are served under it.
import { BoundedMap } from "../lib/bounded-map.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { startHash } from "../oci/hash.ts";
import type { Objects, Stat } from "../storage/ports.ts";
import { blobKey } from "./layout.ts";
import type { Store } from "./store.ts";

/** A link, the digest that it says, and what lies there. */
export interface Alias {
  readonly digest: Digest;
  readonly target: Digest;
  readonly stat: Stat;
}

/** The verdict on an alias: the bytes are those of both digests, of the target alone, or not even of that. */
export type AliasVerdict = "same" | "other" | "damaged";

const maxVerdicts = 1000;

/** By store, and in it by both digests and the state of the file. */
const verdictsOf = new WeakMap<Objects, BoundedMap<string, Promise<AliasVerdict>>>();

/** Whether the bytes are those of the digest that a link was followed for. */
export async function isSameContent(store: Store, alias: Alias): Promise<boolean> {
  return (await judgeAlias(store, alias)) === "same";
}

/** Reads the bytes, once for each state that their file is in; whoever asks in the meantime waits for the same reading. */
export async function judgeAlias(store: Store, { digest, target, stat }: Alias): Promise<AliasVerdict> {
  if (digest === target) return "same";
  const verdicts = verdictsOf.get(store.objects) ?? new BoundedMap<string, Promise<AliasVerdict>>(maxVerdicts);
  verdictsOf.set(store.objects, verdicts);
  const state = [digest, target, stat.identity, stat.sizeBytes, stat.modifiedMs].join(" ");
  const known = verdicts.get(state);
  if (known !== undefined) return await known;
  const reading = read(store, digest, target);
  verdicts.set(state, reading);
  try {
    return await reading;
  } catch (error) {
    verdicts.delete(state);
    throw error;
  }
}

async function read(store: Store, digest: Digest, target: Digest): Promise<AliasVerdict> {
  const content = await store.objects.open(blobKey(target));
  if (content === undefined) return "damaged";
  const hashes = [digest, target].map((wanted) => ({ wanted, hash: startHash(digestAlgorithm(wanted)) }));
  for await (const chunk of content.stream()) for (const { hash } of hashes) hash.update(chunk);
  const [isDigest, isTarget] = hashes.map(({ wanted, hash }) => hash.digest() === wanted);
  if (isTarget !== true) return "damaged";
  return isDigest === true ? "same" : "other";
}
