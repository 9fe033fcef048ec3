// What follows from the bytes of a manifest, remembered by digest: reading, hashing and parsing 4 MiB for every request
// would keep everybody else waiting. It never goes stale. Whether the bytes are there, and still hash to their digest,
// does: each request looks at the file, and short content is hashed every time.
import { BoundedMap } from "../lib/bounded-map.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { hashInTurns } from "../oci/hash.ts";
import { storedMediaTypeInTurns } from "../oci/huge-manifest.ts";
import { maxManifestBytes, parseManifestInTurns } from "../oci/manifest.ts";
import type { Objects, Stat } from "../storage/ports.ts";
import { blobKey } from "./layout.ts";
import type { Store } from "./store.ts";

/** A manifest without its bytes. */
export interface DescribedManifest {
  readonly digest: Digest;
  /** As in the bytes, if it is safe to send. */
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** A warning for the client, such as that the answer may be out of date. */
  readonly warning?: string;
}

/** The fields of a manifest that are remembered. */
export interface ManifestFacts extends DescribedManifest {
  /** The manifest that it is about. */
  readonly subject: Digest | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** The state of the file when its bytes were last hashed to the digest, and when that was. */
interface Verification {
  readonly state: string | undefined;
  readonly atMs: number;
}

interface Remembered {
  readonly facts: ManifestFacts;
  readonly weight: number;
  readonly verified: Verification;
}

/** Roughly, in memory. */
const maxWeight = 8 * 1024 * 1024;
const leastWeight = 512;
/** Up to this size bytes are hashed each time, so that a bit that flipped on disk is noticed. */
const shortBytes = 64 * 1024;
const verifiedMs = 600_000;

class ManifestMemory {
  readonly #remembered = new BoundedMap<Digest, Remembered>(maxWeight, ({ weight }) => weight);
  /** Reads in progress, which later callers join. */
  readonly reading = new Map<Digest, Promise<ReadBytes | undefined>>();

  /** The least recently used goes first. */
  get(digest: Digest): Remembered | undefined {
    const found = this.#remembered.get(digest);
    if (found !== undefined) this.#remembered.set(digest, found);
    return found;
  }

  put(facts: ManifestFacts, verified: Verification): void {
    const weight = leastWeight + (facts.annotations === undefined ? 0 : JSON.stringify(facts.annotations).length);
    this.#remembered.set(facts.digest, { facts, weight, verified });
  }
}

/** One for each store, shared by all callers: it is a function of digests. */
const memories = new WeakMap<Objects, ManifestMemory>();

function memoryOf({ objects }: Store): ManifestMemory {
  const known = memories.get(objects);
  if (known !== undefined) return known;
  const memory = new ManifestMemory();
  memories.set(objects, memory);
  return memory;
}

/** What was learned of the bytes, and the bytes themselves if they had to be read. */
export interface DescribedBytes {
  readonly facts: ManifestFacts;
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}

interface ReadBytes extends DescribedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the manifest stored under the digest says; undefined if there is none, or its bytes do not hash to the digest. */
export async function describeBytes(store: Store, digest: Digest): Promise<DescribedBytes | undefined> {
  const known = memoryOf(store).get(digest);
  // What is short is read and hashed in any case.
  if (known !== undefined && known.facts.sizeBytes > shortBytes) {
    const stat = await store.objects.stat(blobKey(digest));
    if (stat?.isDamaged === true) return undefined;
    if (stat !== undefined && isVerified(store, known, stat)) return { facts: known.facts, bytes: undefined };
  }
  return readBytes(store, digest);
}

/** The same with the bytes. */
export async function readBytes(store: Store, digest: Digest): Promise<ReadBytes | undefined> {
  const { reading } = memoryOf(store);
  const shared = reading.get(digest) ?? readOnce(store, digest).finally(() => reading.delete(digest));
  reading.set(digest, shared);
  return await shared;
}

async function readOnce(store: Store, digest: Digest): Promise<ReadBytes | undefined> {
  const memory = memoryOf(store);
  const known = memory.get(digest);
  // Before the bytes are read, so that a file that replaces this one meanwhile is hashed the next time. A look that is a
  // request has to be worth it: what is short is hashed in any case.
  const isLooked = store.changes.isExclusive || (known !== undefined && known.facts.sizeBytes > shortBytes);
  const stat = isLooked ? await store.objects.stat(blobKey(digest)) : undefined;
  // Until a push replaces it, it is not there.
  if (stat?.isDamaged === true) return undefined;
  const bytes = await store.objects.read(blobKey(digest), maxManifestBytes);
  if (bytes === undefined) return undefined;
  if (known !== undefined && stat !== undefined && isVerified(store, known, stat)) return { facts: known.facts, bytes };
  if ((await hashInTurns(bytes, digestAlgorithm(digest))) !== digest) return undefined;
  const facts = known?.facts ?? (await readFacts(bytes, digest));
  if (facts === undefined) return undefined;
  memory.put(facts, { state: stat === undefined ? undefined : stateOf(stat), atMs: store.now() });
  return { facts, bytes };
}

/** Bytes that may be a manifest, as they are on disk now; undefined if there are none, or they do not hash to the digest. */
export async function readWholeBytes(store: Store, digest: Digest): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = await store.objects.read(blobKey(digest), maxManifestBytes);
  return bytes !== undefined && (await hashInTurns(bytes, digestAlgorithm(digest))) === digest ? bytes : undefined;
}

/** Whether these bytes were hashed a while ago, and their file has not been touched since. */
function isVerified(store: Store, { facts, verified }: Remembered, stat: Stat): boolean {
  if (facts.sizeBytes <= shortBytes || verified.state !== stateOf(stat)) return false;
  const ageMs = store.now() - verified.atMs;
  return ageMs >= 0 && ageMs < verifiedMs;
}

function stateOf({ identity, sizeBytes, modifiedMs }: Stat): string {
  return [identity, sizeBytes, modifiedMs].join(" ");
}

/** Undefined if it is not a manifest. */
async function readFacts(bytes: Uint8Array, digest: Digest): Promise<ManifestFacts | undefined> {
  const parsed = await parseManifestInTurns(bytes, undefined);
  if ("problem" in parsed) {
    // Another registry may have accepted what we would refuse.
    const mediaType = await storedMediaTypeInTurns(bytes);
    const nothing = { subject: undefined, artifactType: undefined, annotations: undefined };
    return mediaType === undefined ? undefined : { digest, mediaType, sizeBytes: bytes.length, ...nothing };
  }
  const { mediaType, subject, artifactType, annotations } = parsed.manifest;
  return { digest, mediaType, sizeBytes: bytes.length, subject: subject?.digest, artifactType, annotations };
}
