// A bucket's uploads as the requests of one node hold them. Of two requests on the same node the newer one gets an upload,
// as on a directory; of two nodes the one that was faster.
import type { Key, OpenUploadOptions, Upload, Uploads } from "../ports.ts";
import { UploadClaims } from "../upload-claims.ts";
import type { HeldUpload } from "./upload.ts";
import type { BucketUploads } from "./uploads.ts";

/** As many uploads end at once without anybody waiting. */
const mostEnding = 100;
/** A process that is to end waits no longer for what a purge can do as well. */
const longestSettlingMs = 3000;

/** The uploads of one node; see the contract in ports.ts. */
export class NodeUploads implements Uploads {
  readonly #uploads: BucketUploads;
  readonly #claims = new UploadClaims();
  readonly #held = new Map<Key, HeldUpload>();
  /** Uploads of one request, of which nothing is in the bucket but their bytes. */
  readonly #brief = new Set<Key>();
  /** Uploads that were committed, and whose remains are being removed. */
  readonly #ending = new Map<Key, Promise<void>>();

  constructor(uploads: BucketUploads) {
    this.#uploads = uploads;
  }

  async create(key: Key, beside?: Readonly<Record<string, string>>): Promise<void> {
    if (beside === undefined) this.#brief.add(key);
    else await this.#uploads.create(key, beside);
  }

  /** Who may read a bucket is not up to us. */
  async protect(): Promise<void> {}

  async size(key: Key): Promise<number | undefined> {
    await this.#ending.get(key);
    return await this.#uploads.size(key);
  }

  async changedMs(key: Key): Promise<number | undefined> {
    return await this.#uploads.changedMs(key);
  }

  async open(key: Key, options: OpenUploadOptions): Promise<Upload | "busy" | undefined> {
    if (!(await this.#claims.claim(key, options, () => true))) return "busy";
    const release = () => {
      this.#held.delete(key);
      this.#brief.delete(key);
      this.#claims.release(key, options.preempted);
    };
    try {
      await this.#ending.get(key);
      const { target } = options;
      const how = { target, release };
      const upload = this.#brief.has(key) ? this.#uploads.openBrief(key, how) : await this.#uploads.open(key, how);
      if (upload === undefined) release();
      else this.#held.set(key, upload);
      return upload;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Whoever has committed it does not wait: no promise depends on what is left, and what stays is purged by age. */
  async discard(key: Key): Promise<void> {
    if (this.#brief.has(key)) return;
    const held = this.#held.get(key);
    const removal = this.#uploads.discard(key, held?.left);
    if (held?.isOver !== true || this.#ending.size >= mostEnding) return await removal;
    const end = () => void this.#ending.delete(key);
    this.#ending.set(key, removal.then(end, end));
  }

  async settle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, longestSettlingMs);
    await Promise.race([promise, Promise.all(this.#ending.values())]);
    clearTimeout(timer);
  }

  async cancel(key: Key): Promise<void> {
    await this.#held.get(key)?.abandon();
    if (!this.#brief.has(key)) await this.#uploads.cancel(key);
  }
}
