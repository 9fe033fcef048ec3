// Copies images from one place to another: blobs first, each once, then what names them, and the tag last. Digests are
// never changed. What is there already is not sent again, so a copy that was interrupted resumes where it was.

import { forEachAtOnce } from "../lib/at-once.ts";
import { BoundedMap } from "../lib/bounded-map.ts";
import { type Descriptor, isStoredElsewhere } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { Manifest } from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-type.ts";
import type { RepositoryName } from "../oci/name.ts";
import { formatReference, type Reference, type Tag } from "../oci/reference.ts";
import type { CopyReport } from "./copy-report.ts";
import { readManifest } from "./manifest.ts";
import type { DestinationPlace, ManifestRole, SourcePlace, WholeManifest } from "./place.ts";
import { choosePlatform, type WantedPlatform } from "./platform.ts";

/** What all copies of one run share. */
export interface CopyRun {
  readonly report: CopyReport;
  readonly signal: AbortSignal;
  /** Which repository of which registry is known to have which blob, for mounts. */
  readonly known: BoundedMap<string, RepositoryName>;
}

/** One image to copy. */
export interface ImageCopy {
  readonly reference: Reference;
  /** What it is called at the destination. */
  readonly tags: readonly Tag[];
  /** Only this child of an index. */
  readonly platform: WantedPlatform | undefined;
  /** Whether signatures, SBOMs and the like come too. */
  readonly withReferrers: boolean;
}

/** How many blobs of an image are on their way at once. */
const blobsAtOnce = 4;
/** Indexes in indexes, and referrers of referrers. */
const maxDepth = 16;
const maxRememberedBlobs = 100_000;

/** A run that knows nothing yet. */
export function startCopyRun(report: CopyReport, signal: AbortSignal): CopyRun {
  return { report, signal, known: new BoundedMap(maxRememberedBlobs) };
}

/** Copies between two places. */
export class ImageCopier {
  readonly #from: SourcePlace;
  readonly #to: DestinationPlace;
  readonly #run: CopyRun;
  /** Blobs and manifests that are there, or on their way. */
  readonly #blobs = new BoundedMap<Digest, Promise<void>>(maxRememberedBlobs);
  readonly #manifests = new BoundedMap<Digest, Promise<void>>(maxRememberedBlobs);

  constructor(from: SourcePlace, to: DestinationPlace, run: CopyRun) {
    this.#from = from;
    this.#to = to;
    this.#run = run;
  }

  /** Copies an image or an index with everything that it names; returns its digest. */
  async copy({ reference, tags, platform, withReferrers }: ImageCopy): Promise<Digest> {
    const found = await this.#from.manifest(reference);
    if (found === undefined) throw this.#missing(formatReference(reference));
    const chosen = platform === undefined ? found : await this.#choose(found, platform);
    const moved: Tag[] = [];
    for (const tag of tags) if ((await this.#to.tagged(tag)) !== chosen.digest) moved.push(tag);
    const copied: CopiedManifest[] = [];
    try {
      const isFirst = await this.#copyOnce(chosen, { tags: moved, isRoot: true, depth: 0, copied });
      // Another tag of an image that this run has copied already.
      if (!isFirst && moved.length > 0) await this.#to.putManifest(chosen, { tags: moved, isRoot: true });
      if (withReferrers) await this.#copyReferrers(copied);
    } catch (error) {
      // Their referrers may be missing.
      for (const { digest } of copied) this.#manifests.delete(digest);
      throw error;
    }
    return chosen.digest;
  }

  async #choose(found: WholeManifest, platform: WantedPlatform): Promise<WholeManifest> {
    const { children, kind } = await readManifest(found);
    if (kind === "image") return found;
    const child = choosePlatform(children, platform, this.#from.label);
    return await this.#child(child);
  }

  async #child({ digest }: Descriptor): Promise<WholeManifest> {
    const child = await this.#from.manifest({ kind: "digest", digest });
    if (child === undefined) throw this.#missing(digest);
    return child;
  }

  /** False if it was copied before, perhaps without these tags. */
  async #copyOnce(manifest: WholeManifest, options: Placing): Promise<boolean> {
    const running = this.#manifests.get(manifest.digest);
    if (running !== undefined) {
      await running;
      return false;
    }
    const copying = this.#copyManifest(manifest, options);
    this.#manifests.set(manifest.digest, copying);
    try {
      await copying;
      return true;
    } catch (error) {
      this.#manifests.delete(manifest.digest);
      throw error;
    }
  }

  async #copyManifest(whole: WholeManifest, placing: Placing): Promise<void> {
    const { tags, isRoot, depth, copied } = placing;
    this.#run.signal.throwIfAborted();
    if (depth > maxDepth) {
      throw new RegistryError("MANIFEST_INVALID", { message: `${whole.digest} is nested more than ${maxDepth} deep` });
    }
    const manifest = await readManifest(whole);
    const isThere = await this.#to.hasManifest(whole.digest, { isRoot, subject: manifest.subject?.digest });
    if (!isThere || !this.#to.isComplete) await this.#copyBlobs(manifest);
    const below = { tags: [], isRoot: false, depth: depth + 1, copied };
    for (const child of manifest.children) await this.#copyChild(child, below);
    if (!isThere || tags.length > 0) await this.#to.putManifest(whole, { tags, isRoot });
    this.#run.report({ kind: "manifest", digest: whole.digest, isNew: !isThere });
    copied.push({ digest: whole.digest, depth });
  }

  /** An entry of an index is mostly a manifest; that of a build cache may be a blob. */
  async #copyChild(child: Descriptor, placing: Placing): Promise<void> {
    if (!isManifestType(child.mediaType)) return await this.#copyBlob(child);
    await this.#copyOnce(await this.#child(child), placing);
  }

  /**
   * Of everything that was copied, and of the referrers themselves. Only now that nothing waits for it: an index may refer to
   * one of its own children.
   */
  async #copyReferrers(copied: CopiedManifest[]): Promise<void> {
    for (const { digest: subject, depth } of copied) {
      for await (const digest of this.#from.referrers(subject)) {
        const referrer = await this.#from.manifest({ kind: "digest", digest });
        // It may have been deleted since it was listed; and a list that names what is no referrer could lead in a circle.
        if (referrer === undefined || (await readManifest(referrer)).subject?.digest !== subject) continue;
        await this.#copyOnce(referrer, { tags: [], isRoot: true, depth: depth + 1, copied });
      }
    }
  }

  async #copyBlobs({ blobs }: Manifest): Promise<void> {
    const wanted = new Map(blobs.filter((blob) => !isStoredElsewhere(blob)).map((blob) => [blob.digest, blob]));
    await forEachAtOnce(wanted.values(), blobsAtOnce, (blob) => this.#copyBlob(blob));
  }

  async #copyBlob(blob: Descriptor): Promise<void> {
    const running = this.#blobs.get(blob.digest);
    if (running !== undefined) return await running;
    const copying = this.#moveBlob(blob);
    this.#blobs.set(blob.digest, copying);
    try {
      await copying;
    } catch (error) {
      this.#blobs.delete(blob.digest);
      throw error;
    }
  }

  async #moveBlob(blob: Descriptor): Promise<void> {
    const { report, signal } = this.#run;
    signal.throwIfAborted();
    report({ kind: "blob", sizeBytes: blob.sizeBytes });
    if (await this.#to.hasBlob(blob)) report({ kind: "skipped", how: "there", sizeBytes: blob.sizeBytes });
    else if (await this.#mount(blob)) report({ kind: "skipped", how: "mounted", sizeBytes: blob.sizeBytes });
    else await this.#send(blob);
    const { home } = this.#to;
    if (home !== undefined) this.#run.known.set(`${home.registry}/${blob.digest}`, home.name);
  }

  async #send(blob: Descriptor): Promise<void> {
    const { report, signal } = this.#run;
    const read = this.#counted(blob);
    const onResumed = (sizeBytes: number) => report({ kind: "skipped", how: "resumed", sizeBytes });
    await this.#to.putBlob(blob, { read, signal, onResumed });
    report({ kind: "sent", digest: blob.digest });
  }

  #counted(blob: Descriptor) {
    const { report } = this.#run;
    const from = this.#from;
    return async function* (reading: { readonly offset: number; readonly signal: AbortSignal }) {
      for await (const chunk of from.readBlob(blob, reading)) {
        report({ kind: "bytes", sizeBytes: chunk.length });
        yield chunk;
      }
    };
  }

  /** From where the source lies, if that is the same registry, or from where this run has put it before. */
  async #mount(blob: Descriptor): Promise<boolean> {
    const { home } = this.#to;
    if (home === undefined) return false;
    const near = this.#from.home?.registry === home.registry ? this.#from.home.name : undefined;
    const known = this.#run.known.get(`${home.registry}/${blob.digest}`);
    for (const name of new Set([near, known])) {
      if (name !== undefined && name !== home.name && (await this.#to.mountBlob(blob, name))) return true;
    }
    return false;
  }

  #missing(what: string): RegistryError {
    return new RegistryError("MANIFEST_UNKNOWN", { message: `${this.#from.label} has no ${what}` });
  }
}

/** How a manifest is written. */
interface Placing extends ManifestRole {
  readonly depth: number;
  /** Grows by what is copied. */
  readonly copied: CopiedManifest[];
}

interface CopiedManifest {
  readonly digest: Digest;
  readonly depth: number;
}
