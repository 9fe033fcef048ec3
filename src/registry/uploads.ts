// Upload sessions: bytes that arrive over several requests and become a blob when their digest is right.
import { BoundedMap } from "../lib/bounded-map.ts";
import { errorCode, firstError } from "../lib/system-error.ts";
import { type Algorithm, type Digest, digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { type RunningHash, startHash } from "../oci/hash.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Key, Upload } from "../storage/ports.ts";
import { type AddedBlob, addBlob } from "./blobs.ts";
import { followToBlob, linkBlob, noticeWaitMs } from "./find-blob.ts";
import { appendAll, type Body, commitBlob, digestAll, recommitBlob } from "./ingest.ts";
import { blobKey, layerLink, uploadKey, uploadPrefix } from "./layout.ts";
import { type Store, withAdding } from "./store.ts";

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
/** How often a blob is put that collectors take meanwhile, each of whom had announced an older one. */
const maxPublications = 3;
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
    const startedat = `${new Date(this.#store.now()).toISOString().slice(0, 19)}Z`;
    // For the purge of the Go registries, which in a bucket know nothing of our sessions.
    const started = this.#store.changes.isExclusive ? { startedat } : {};
    const beside = { ...started, ...(owner === undefined ? {} : { [ownerFile]: owner }) };
    await this.#store.uploads.create(uploadKey(name, id), isBrief ? undefined : beside);
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
    const sizeBytes = await this.#store.uploads.size(uploadKey(name, id));
    if (sizeBytes === undefined) throw unknownUpload(id);
    return sizeBytes;
  }

  /** Appends a piece; returns how many bytes have arrived. */
  async append(target: UploadTarget, chunk: Chunk): Promise<number> {
    const preempted = new AbortController();
    const sizeBytes = await this.#holding(target, { preempted }, async (upload) => {
      await this.#receive(upload, { target, chunk, preempted });
      return upload.sizeBytes;
    });
    if (sizeBytes === undefined) throw unknownUpload(target.id);
    return sizeBytes;
  }

  /** Appends the last piece, checks the digest and makes the blob. After a wrong digest the session is gone. */
  async commit(target: UploadTarget, last: Chunk, digest: Digest): Promise<AddedBlob> {
    const preempted = new AbortController();
    const added = await this.#holding(target, { preempted, to: blobKey(digest) }, async (upload) => {
      await this.#receive(upload, { target, chunk: last, preempted, algorithm: digestAlgorithm(digest) });
      const actual = await digestAll(upload, this.#kept.get(target.id)?.hash, digestAlgorithm(digest));
      this.#kept.delete(target.id);
      if (actual !== digest) {
        const { sizeBytes } = upload;
        await this.#discard(target);
        throw new RegistryError("DIGEST_INVALID", { detail: { expected: digest, actual, sizeBytes } });
      }
      // With the link that follows it comes to the disk.
      await commitBlob(upload, { digest, actual, isDurable: false });
      return await this.#publish(upload, target, digest);
    });
    return added ?? (await this.#recallAnswer(target, digest));
  }

  /** Ends a session without a blob. */
  async cancel(target: UploadTarget): Promise<void> {
    const outcome = await this.#holding(target, { preempted: new AbortController() }, async () => {
      await this.#discard(target);
      return "gone";
    });
    if (outcome === undefined) throw unknownUpload(target.id);
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
    await using _held = upload;
    if (!(await this.#isOld(target, ageMs))) return false;
    if (hasTrash) await this.#discard(target);
    else await this.#store.uploads.discard(key);
    return true;
  }

  /** By the last write, or without data by the last change of the session. */
  async #isOld({ name, id }: UploadTarget, ageMs: number): Promise<boolean> {
    const store = this.#store;
    const changedMs = await store.uploads.changedMs(uploadKey(name, id));
    if (changedMs === undefined) return false;
    // A clock that was set back must not keep it for as long again: a time in the future counts as now.
    if (changedMs > store.now()) await store.objects.renew(uploadKey(name, id));
    return store.now() - changedMs > ageMs;
  }

  /** Does something under the session's hold; a newer request ends the older one. Undefined if there is no session. */
  async #holding<T>(
    { name, id }: UploadTarget,
    { preempted, to }: { readonly preempted: AbortController; readonly to?: Key },
    work: (upload: Upload) => Promise<T>,
  ): Promise<T | undefined> {
    const options = { waitMs: holdWaitMs, preempted, ...(to === undefined ? {} : { target: to }) };
    const upload = await this.#store.uploads.open(uploadKey(name, id), options);
    if (upload === undefined) return undefined;
    if (upload === "busy") throw new RegistryError("UPLOAD_BUSY", { detail: { id }, retryAfterSeconds: 5 });
    try {
      return await disposing(upload, work);
    } catch (error) {
      // On another node somebody went on with it, and was faster.
      if (errorCode(error) === "EBUSY") throw new RegistryError("UPLOAD_BUSY", { detail: { id } });
      throw error;
    }
  }

  async #receive(
    upload: Upload,
    request: {
      readonly target: UploadTarget;
      readonly chunk: Chunk;
      readonly preempted: AbortController;
      readonly algorithm?: Algorithm;
    },
  ): Promise<void> {
    const { target, chunk, preempted, algorithm } = request;
    const { range } = chunk;
    const startBytes = upload.sizeBytes;
    if (range !== undefined && range.start !== startBytes) {
      throw new RegistryError("UPLOAD_OUT_OF_ORDER", { detail: { id: target.id, sizeBytes: startBytes } });
    }
    await this.#append(upload, chunk.body(preempted.signal, startBytes), { id: target.id, algorithm });
    if (preempted.signal.aborted) {
      throw new RegistryError("UPLOAD_BUSY", { message: "a newer request has taken this upload over" });
    }
    const receivedBytes = upload.sizeBytes - startBytes;
    if (range !== undefined && range.lengthBytes !== receivedBytes) {
      throw new RegistryError("SIZE_INVALID", { detail: { expected: range.lengthBytes, actual: receivedBytes } });
    }
  }

  /** Keeps the hash for the next request, even if the connection broke: what arrived was hashed and appended alike. */
  async #append(
    upload: Upload,
    chunks: AsyncIterable<Uint8Array>,
    { id, algorithm }: { readonly id: string; readonly algorithm: Algorithm | undefined },
  ): Promise<void> {
    const hash = this.#hashFor(upload, { id, algorithm });
    this.#kept.delete(id);
    try {
      await appendAll(upload, chunks, hash);
    } finally {
      if (hash?.sizeBytes === upload.sizeBytes) {
        upload.keep(hash.digest());
        this.#kept.set(id, { hash, identity: upload.identity });
      }
    }
  }

  /** The hash of the bytes so far, or undefined if it is not known and the bytes are read again at the end. */
  #hashFor(
    upload: Upload,
    { id, algorithm }: { readonly id: string; readonly algorithm: Algorithm | undefined },
  ): RunningHash | undefined {
    const kept = this.#kept.get(id);
    if (upload.sizeBytes === 0) return startHash(algorithm ?? kept?.hash.algorithm ?? "sha256");
    const isOfThese = kept?.identity === undefined || kept.identity === upload.identity;
    if (kept !== undefined && isOfThese && kept.hash.sizeBytes === upload.sizeBytes && upload.isRemembered()) {
      return kept.hash;
    }
    return undefined;
  }

  /** The link to the bytes, then a look at them: only then the answer. */
  async #publish(upload: Upload, { name, id }: UploadTarget, digest: Digest): Promise<AddedBlob> {
    const asked = { digest, target: digest, waitMs: noticeWaitMs };
    for (let round = 1; round <= maxPublications; round += 1) {
      const added = await addBlob(this.#store, name, asked);
      if (added !== undefined) {
        await this.#store.uploads.discard(uploadKey(name, id));
        return added;
      }
      // What is still there may yet go, for longer than anybody waits.
      const isGone = (await this.#store.objects.stat(blobKey(digest))) === undefined;
      if (!isGone || round === maxPublications || !(await recommitBlob(upload, digest))) break;
    }
    throw new RegistryError("UNAVAILABLE", {
      message: "the blob was collected meanwhile; push it again",
      retryAfterSeconds: 1,
    });
  }

  /** A session without data whose blob is there: the answer was lost, not the blob. It is given again, with a new promise. */
  async #recallAnswer({ name, id }: UploadTarget, digest: Digest): Promise<AddedBlob> {
    const link = layerLink(name, digest);
    if ((await followToBlob(this.#store, link, digest)) === undefined) throw unknownUpload(id);
    return withAdding(this.#store, name, async (adding) => {
      const target = (await followToBlob(this.#store, link, digest))?.target;
      const stat = target === undefined ? undefined : (await linkBlob(this.#store, adding, { link, target })).stat;
      if (stat === undefined || stat === "noticed") throw unknownUpload(id);
      return { digest, sizeBytes: stat.sizeBytes, isNew: false };
    });
  }

  async #discard({ name, id }: UploadTarget): Promise<void> {
    this.#kept.delete(id);
    await this.#store.uploads.cancel(uploadKey(name, id));
  }
}

/** What the work throws is what counts, whatever letting go comes to after that. */
async function disposing<T>(upload: Upload, work: (upload: Upload) => Promise<T>): Promise<T> {
  try {
    await using held = upload;
    return await work(held);
  } catch (error) {
    throw firstError(error);
  }
}

function unknownUpload(id: string): RegistryError {
  return new RegistryError("BLOB_UPLOAD_UNKNOWN", { detail: { id } });
}
