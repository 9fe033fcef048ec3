// The keys that requests are signed with, got again before they end.

/** A pair of keys, perhaps for a while only. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** When they end, in milliseconds since 1970; undefined where they do not. */
  readonly endsMs?: number | undefined;
  /** Keys of a day that were derived from the secret one. */
  readonly signingKeys: Map<string, ArrayBuffer>;
}

/** Where credentials come from. */
export interface CredentialSource {
  /** Said in errors: "the variables AWS_ACCESS_KEY_ID …". */
  readonly name: string;
  get(): Promise<S3Credentials>;
}

/** How long before their end others are asked for, while the old ones are still used; and when they are used no more. */
const earlyMs = 5 * 60_000;
const lastMs = 30_000;
/** A source that failed is left alone for a moment. */
const restMs = 10_000;

/** The credentials of the moment. */
export class CurrentCredentials {
  readonly #source: CredentialSource;
  readonly #now: () => number;
  #known: S3Credentials | undefined;
  #asking: Promise<S3Credentials> | undefined;
  #restUntilMs = 0;

  constructor(source: CredentialSource, now: () => number) {
    this.#source = source;
    this.#now = now;
  }

  /** S3Credentials that are good for a while; throws if there are none. */
  async get(): Promise<S3Credentials> {
    const known = this.#known;
    if (known === undefined) return await this.#ask();
    const leftMs = (known.endsMs ?? Number.POSITIVE_INFINITY) - this.#now();
    if (leftMs > earlyMs) return known;
    // The store refuses what has ended, so a source that is down for a while costs nothing until then.
    if (leftMs > lastMs) {
      if (this.#now() >= this.#restUntilMs) this.#ask().catch(() => {});
      return known;
    }
    return await this.#ask();
  }

  /** Forgets credentials that the store has refused; the next call asks for others. */
  forget(refused: S3Credentials): void {
    if (this.#known === refused && refused.endsMs !== undefined) this.#known = undefined;
  }

  async #ask(): Promise<S3Credentials> {
    this.#asking ??= this.#renew();
    return await this.#asking;
  }

  async #renew(): Promise<S3Credentials> {
    try {
      this.#known = await this.#source.get();
      return this.#known;
    } catch (error) {
      this.#restUntilMs = this.#now() + restMs;
      throw error;
    } finally {
      this.#asking = undefined;
    }
  }
}
