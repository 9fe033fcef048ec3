// What a client may see, from what it asked for and what it was told: one value where it was answered, the old and the
// new one while it waits, and for ever where the answer did not come.

/** A blob's or manifest's place: the repository and the digest. */
export type Content = `${string}@sha256:${string}`;
/** A tag's place. */
export type TagName = `${string}:${string}`;

/** What may be behind a name. */
export class Possible<Name extends string, Value> {
  readonly #values = new Map<Name, Set<Value>>();
  readonly #untouched: Value;

  constructor(untouched: Value) {
    this.#untouched = untouched;
  }

  /** What was asked for may come to be seen. */
  asked(name: Name, value: Value): void {
    this.#values.set(name, new Set([...this.of(name), value]));
  }

  /** What was answered is what is seen. */
  answered(name: Name, value: Value): void {
    this.#values.set(name, new Set([value]));
  }

  of(name: Name): ReadonlySet<Value> {
    return this.#values.get(name) ?? new Set([this.#untouched]);
  }

  get names(): readonly Name[] {
    return [...this.#values.keys()];
  }

  copy(): Possible<Name, Value> {
    const copy = new Possible<Name, Value>(this.#untouched);
    for (const [name, values] of this.#values) copy.#values.set(name, new Set(values));
    return copy;
  }
}

/** An upload that was begun: the bytes that may have arrived so far are a beginning of `bytes`. */
export interface OpenUpload {
  readonly name: string;
  readonly location: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether the request that ends it was sent. */
  readonly isEnding: boolean;
}

/** Everything that one client knows. */
export class Expectations {
  /** Undefined: there is no such tag. */
  tags = new Possible<TagName, string | undefined>(undefined);
  manifests = new Possible<Content, boolean>(false);
  blobs = new Possible<Content, boolean>(false);
  /** By location. */
  uploads: ReadonlyMap<string, OpenUpload> = new Map();

  copy(): Expectations {
    const copy = new Expectations();
    copy.tags = this.tags.copy();
    copy.manifests = this.manifests.copy();
    copy.blobs = this.blobs.copy();
    copy.uploads = new Map(this.uploads);
    return copy;
  }

  began(upload: OpenUpload): void {
    this.uploads = new Map(this.uploads).set(upload.location, upload);
  }

  /** The request that ends the session is on its way. */
  ending(location: string): void {
    const upload = this.uploads.get(location);
    if (upload !== undefined) this.began({ ...upload, isEnding: true });
  }

  ended(location: string): void {
    this.uploads = new Map([...this.uploads].filter(([other]) => other !== location));
  }
}
