// An archive as a destination: an OCI layout in a tar, and for docker with the file that `docker load` reads beside it.
// Each blob is in it once, however many images share it. The index comes last.
import type { Digest } from "../../oci/digest.ts";
import { digestAlgorithm } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { startHash } from "../../oci/hash.ts";
import type { Tag } from "../../oci/reference.ts";
import { blobPath } from "../layout/files.ts";
import { formatLayoutIndex, makeLayoutIndex, type NewLayoutEntry } from "../layout/index-file.ts";
import { readManifest } from "../manifest.ts";
import type { BlobArrival, DestinationPlace, WholeManifest } from "../place.ts";
import { verified } from "../verified.ts";
import type { ArchiveSink } from "./archive-file.ts";
import { type DockerImage, formatDockerManifest } from "./docker-manifest.ts";
import { TarWriter } from "./tar-writer.ts";

/** How an archive is written. */
export interface ArchiveOptions {
  /** For messages. */
  readonly label: string;
  /** Whether `docker load` is to read it. */
  readonly isForDocker: boolean;
}

/** What an image is called in the archive. */
export type NameInArchive = (tag: Tag) => string;

/** An archive being written. Its parts come one after the other, whoever brings them. */
export class ArchiveWriter {
  readonly #sink: ArchiveSink;
  readonly #tar: TarWriter;
  readonly #options: ArchiveOptions;
  readonly #written = new Set<Digest>();
  /** The entries of the index by their names; those without a name by their digests. */
  readonly #entries = new Map<string, NewLayoutEntry>();
  readonly #listed = new Set<Digest>();
  #dockerImages = new Map<Digest, DockerImage>();
  #turn: Promise<void> = Promise.resolve();

  constructor(sink: ArchiveSink, options: ArchiveOptions) {
    this.#sink = sink;
    this.#tar = new TarWriter(sink);
    this.#options = options;
  }

  /** The place of images that are called so. */
  destination(nameOf: NameInArchive): DestinationPlace {
    return {
      label: this.#options.label,
      home: undefined,
      isComplete: true,
      hasBlob: async ({ digest }) => this.#written.has(digest),
      mountBlob: async () => false,
      putBlob: async (blob, arrival) => this.#inTurn(() => this.#addBlob(blob, arrival)),
      hasManifest: async (digest, { isRoot }) => this.#written.has(digest) && (!isRoot || this.#listed.has(digest)),
      tagged: async (tag) => this.#entries.get(nameOf(tag))?.digest,
      putManifest: async (manifest, { tags, isRoot }) => {
        await this.#inTurn(() => this.#addManifest(manifest));
        const names = tags.map(nameOf);
        if (isRoot) await this.#list(manifest, names);
      },
      finish: () => this.#inTurn(() => this.#finish()),
      abandon: () => this.#sink.abandon(),
    };
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      await work();
    } finally {
      resolve();
    }
  }

  async #addBlob(
    { digest, sizeBytes }: { readonly digest: Digest; readonly sizeBytes: number },
    { read, signal }: BlobArrival,
  ): Promise<void> {
    if (this.#written.has(digest)) return;
    const chunks = verified(read({ offset: 0, signal }), { digest, sizeBytes }, startHash(digestAlgorithm(digest)));
    await this.#tar.add({ path: blobPath(digest), sizeBytes, chunks });
    this.#written.add(digest);
  }

  async #addManifest({ digest, bytes }: WholeManifest): Promise<void> {
    if (this.#written.has(digest)) return;
    await this.#tar.add({ path: blobPath(digest), sizeBytes: bytes.length, chunks: [bytes] });
    this.#written.add(digest);
  }

  async #list(whole: WholeManifest, names: readonly string[]): Promise<void> {
    const { digest, mediaType, bytes } = whole;
    const entry = { digest, mediaType, sizeBytes: bytes.length };
    for (const name of names) this.#entries.set(name, { ...entry, name });
    if (names.length === 0 && !this.#listed.has(digest)) this.#entries.set(digest, { ...entry, name: undefined });
    if (names.length > 0) this.#entries.delete(digest);
    this.#listed.add(digest);
    if (this.#options.isForDocker) await this.#listForDocker(whole, names);
  }

  async #listForDocker(whole: WholeManifest, names: readonly string[]): Promise<void> {
    const { kind, blobs, subject } = await readManifest(whole);
    // A signature or another referrer is nothing that docker runs.
    if (subject !== undefined) return;
    const [config, ...layers] = blobs;
    if (kind === "index" || config === undefined) {
      throw new RegistryError("UNSUPPORTED", {
        message: `docker's archives have one platform of an image, and ${names[0] ?? whole.digest} is an index; say --platform`,
      });
    }
    const known = this.#dockerImages.get(whole.digest);
    this.#dockerImages.set(whole.digest, {
      config: blobPath(config.digest),
      layers: layers.map(({ digest }) => blobPath(digest)),
      repoTags: [...new Set([...(known?.repoTags ?? []), ...names.filter((name) => name.includes(":"))])],
    });
  }

  async #finish(): Promise<void> {
    const files: readonly (readonly [string, string])[] = [
      ["oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" })],
      ["index.json", formatLayoutIndex(makeLayoutIndex([...this.#entries.values()]))],
      ...(this.#options.isForDocker
        ? ([["manifest.json", formatDockerManifest([...this.#dockerImages.values()])]] as const)
        : []),
    ];
    for (const [path, text] of files) {
      const bytes = new TextEncoder().encode(text);
      await this.#tar.add({ path, sizeBytes: bytes.length, chunks: [bytes] });
    }
    await this.#tar.end();
    await this.#sink.finish();
  }
}
