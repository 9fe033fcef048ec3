// Upload sessions: bytes that arrive over several requests and become a blob when their digest is right.
import { BoundedMap } from "../lib/bounded-map.ts";
import { type Algorithm, type Digest, digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { type RunningHash, startHash } from "../oci/hash.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Upload } from "../storage/ports.ts";
import { type AddedBlob, addBlob } from "./blobs.ts";
import { followToBlob, linkBlob } from "./find-blob.ts";
import { appendAll, type Body, commitBlob, hashAll } from "./ingest.ts";
import { layerLink, trashName, uploadKey, uploadPrefix } from "./layout.ts";
import { type Store, withLock } from "./store.ts";

/** Which session. */
export interface UploadTarget {
  readonly name: RepositoryName;
  readonly id: string;
}

/** Whose session it is, and how long it lasts. */
export interface SessionOptions {
  /** The only caller that may continue it; undefined: everybody. */
  readonly owner?: string | undefined;
  /** Whether it lasts no longer than its request: nobody is told of it, so nothing is noted about it. */
  readonly isBrief?: boolean;
}

/** A piece of an upload as the client sends it. */
export interface Chunk {
  readonly body: Body;
  /** Where the client says that the piece begins and how long it is, if it says so. */
  readonly range: { readonly start: number; readonly lengthBytes: number } | undefined;
}

/** Which sessions to remove. */
export interface UploadPurge {
  readonly ids: readonly string[];
  readonly ageMs: number;
  /** They are counted, and stay. */
  readonly isDryRun: boolean;
  /** Whether there is a trash to move a session into, so that nobody sees half of it. */
  readonly hasTrash?: boolean;
}

interface KeptHash {
  readonly hash: RunningHash;
  /** Of the upload whose bytes the hash has seen; undefined while there are none. */
  readonly identity: string | undefined;
}

/** How long a request waits for another one that holds the session. */
const holdWaitMs = 5000;
const maxKeptHashes = 1000;
/** Beside the bytes of a session. */
const ownerFile = "owner";
const maxOwnerBytes = 4096;

/** The upload sessions of a store. */
export class StoreUploads {
  readonly #store: Store;
  /** Running hashes between requests: a shortcut, valid for the same bytes only and never needed. */
  readonly #kept = new BoundedMap<string, KeptHash>(maxKeptHashes);

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Opens a session; `algorithm` is the one that the client announces for its digest.
   */
  async start(name: RepositoryName, algorithm: Algorithm, options: SessionOptions = {}): Promise<UploadTarget> {
    const { owner, isBrief = false } = options;
    const id = this.#store.uuid();
    const startedAt = `${new Date(this.#store.now()).toISOString().slice(0, 19)}Z`;
    const beside = { startedat: startedAt, ...(owner === undefined ? {} : { [ownerFile]: owner }) };
    await this.#store.uploads.create(uploadKey(name, id), isBrief ? {} : beside);
    if (algorithm !== "sha256") this.#kept.set(id, { hash: startHash(algorithm), identity: undefined });
    return { name, id };
  }

  /** Refuses with BLOB_UPLOAD_UNKNOWN a session that belongs to somebody else. One without an owner is everybody's. */
  async requireOwner({ name, id }: UploadTarget, owner: string): Promise<void> {
    const bytes = await this.#store.objects.read(`${uploadPrefix(name, id)}/${ownerFile}`, maxOwnerBytes);
    if (bytes !== undefined && new TextDecoder().decode(bytes) !== owner) throw unknownUpload(id);
  }

  /** How many bytes have arrived. */
  async size({ name, id }: UploadTarget): Promise<number> {
    const stat = await this.#store.objects.stat(uploadKey(name, id), { isLinkFollowed: false });
    if (stat === undefined) throw unknownUpload(id);
    return stat.sizeBytes;
  }

  /** Appends a piece; returns how many bytes have arrived. */
  async append(target: UploadTarget, chunk: Chunk): Promise<number> {
    const preempted = new AbortController();
    using upload = await this.#hold(target, preempted);
    if (upload === undefined) throw unknownUpload(target.id);
    await this.#receive(upload, { target, chunk, preempted });
    return upload.sizeBytes;
  }

  /** Appends the last piece, checks the digest and makes the blob. After a wrong digest the session is gone. */
  async commit(target: UploadTarget, last: Chunk, digest: Digest): Promise<AddedBlob> {
    const preempted = new AbortController();
    using upload = await this.#hold(target, preempted);
    if (upload === undefined) return await this.#recallAnswer(target, digest);
    await this.#receive(upload, { target, chunk: last, preempted });
    const hash = await hashAll(upload, this.#kept.get(target.id)?.hash, digestAlgorithm(digest));
    this.#kept.delete(target.id);
    const actual = hash.digest();
    if (actual !== digest) {
      await this.#discard(target);
      throw new RegistryError("DIGEST_INVALID", { detail: { expected: digest, actual, sizeBytes: upload.sizeBytes } });
    }
    await commitBlob(upload, digest, hash);
    return await this.#publish(target, digest);
  }

  /** Ends a session without a blob. */
  async cancel(target: UploadTarget): Promise<void> {
    using upload = await this.#hold(target, new AbortController());
    if (upload === undefined) throw unknownUpload(target.id);
    await this.#discard(target);
  }

  /** Removes sessions without a write for longer than `ageMs`; returns which. One that is being written to stays. */
  async purge(name: RepositoryName, { ids, ...options }: UploadPurge): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const id of ids) {
      if (!options.isDryRun) await this.#store.uploads.protect(uploadKey(name, id));
      const isOld = await this.#isOld({ name, id }, options.ageMs);
      if (isOld && (options.isDryRun || (await this.#purgeOne({ name, id }, options)))) gone.push(id);
    }
    return gone;
  }

  async #purgeOne(target: UploadTarget, { ageMs, hasTrash = true }: Omit<UploadPurge, "ids">): Promise<boolean> {
    const key = uploadKey(target.name, target.id);
    const upload = await this.#store.uploads.open(key, { waitMs: 0, preempted: new AbortController() });
    if (upload === "busy") return false;
    using _held = upload;
    if (!(await this.#isOld(target, ageMs))) return false;
    if (hasTrash) await this.#discard(target);
    else await this.#store.uploads.discard(key);
    return true;
  }

  /** By the last write, or without data by the last change of the session. */
  async #isOld({ name, id }: UploadTarget, ageMs: number): Promise<boolean> {
    const store = this.#store;
    const stat = await store.objects.stat(uploadKey(name, id), { isLinkFollowed: false });
    const changedMs = stat === undefined ? await store.directory.prefixTime(uploadPrefix(name, id)) : stat.changedMs;
    if (changedMs === undefined) return false;
    // A clock that was set back must not keep it for as long again: a time in the future counts as now.
    if (stat !== undefined && changedMs > store.now()) await store.objects.renew(uploadKey(name, id));
    return store.now() - changedMs > ageMs;
  }

  /** Takes hold of the session; a newer request ends the older one. */
  async #hold({ name, id }: UploadTarget, preempted: AbortController): Promise<Upload | undefined> {
    const upload = await this.#store.uploads.open(uploadKey(name, id), { waitMs: holdWaitMs, preempted });
    if (upload !== "busy") return upload;
    throw new RegistryError("UPLOAD_BUSY", { detail: { id }, retryAfterSeconds: 5 });
  }

  async #receive(
    upload: Upload,
    request: { readonly target: UploadTarget; readonly chunk: Chunk; readonly preempted: AbortController },
  ): Promise<void> {
    const { target, chunk, preempted } = request;
    const { range } = chunk;
    const startBytes = upload.sizeBytes;
    if (range !== undefined && range.start !== startBytes) {
      throw new RegistryError("UPLOAD_OUT_OF_ORDER", { detail: { id: target.id, sizeBytes: startBytes } });
    }
    await this.#append(upload, target.id, chunk.body(preempted.signal, startBytes));
    if (preempted.signal.aborted) {
      throw new RegistryError("UPLOAD_BUSY", { message: "a newer request has taken this upload over" });
    }
    const receivedBytes = upload.sizeBytes - startBytes;
    if (range !== undefined && range.lengthBytes !== receivedBytes) {
      throw new RegistryError("SIZE_INVALID", { detail: { expected: range.lengthBytes, actual: receivedBytes } });
    }
  }

  /** Keeps the hash for the next request, even if the connection broke: what arrived was hashed and appended alike. */
  async #append(upload: Upload, id: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const hash = this.#hashFor(upload, id);
    this.#kept.delete(id);
    try {
      await appendAll(upload, chunks, hash);
    } finally {
      if (hash?.sizeBytes === upload.sizeBytes) this.#kept.set(id, { hash, identity: upload.identity });
    }
  }

  /** The hash of the bytes so far, or undefined if it is not known and the bytes are read again at the end. */
  #hashFor(upload: Upload, id: string): RunningHash | undefined {
    const kept = this.#kept.get(id);
    const isOfThese = kept?.identity === undefined || kept.identity === upload.identity;
    if (kept !== undefined && isOfThese && kept.hash.sizeBytes === upload.sizeBytes && upload.isRemembered()) {
      return kept.hash;
    }
    return upload.sizeBytes === 0 ? startHash("sha256") : undefined;
  }

  /** The link to the bytes, then a look at them: only then the answer. */
  async #publish({ name, id }: UploadTarget, digest: Digest): Promise<AddedBlob> {
    const added = await addBlob(this.#store, name, { digest, target: digest });
    if (added === undefined) {
      throw new RegistryError("UNAVAILABLE", {
        message: "the blob was collected meanwhile; push it again",
        retryAfterSeconds: 1,
      });
    }
    await this.#store.uploads.discard(uploadKey(name, id));
    return added;
  }

  /** A session without data whose blob is there: the answer was lost, not the blob. It is given again, with a new promise. */
  async #recallAnswer({ name, id }: UploadTarget, digest: Digest): Promise<AddedBlob> {
    const link = layerLink(name, digest);
    if ((await followToBlob(this.#store, link, digest)) === undefined) throw unknownUpload(id);
    return withLock(this.#store, name, "shared", async () => {
      const target = (await followToBlob(this.#store, link, digest))?.target;
      const stat = target === undefined ? undefined : (await linkBlob(this.#store, link, target)).stat;
      if (stat === undefined) throw unknownUpload(id);
      return { digest, sizeBytes: stat.sizeBytes, isNew: false };
    });
  }

  async #discard({ name, id }: UploadTarget): Promise<void> {
    this.#kept.delete(id);
    const entry = trashName("uploads", this.#store.uuid());
    if (await this.#store.trash.discard(uploadPrefix(name, id), entry)) await this.#store.trash.destroy(entry);
  }
}

function unknownUpload(id: string): RegistryError {
  return new RegistryError("BLOB_UPLOAD_UNKNOWN", { detail: { id } });
}
