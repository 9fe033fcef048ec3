// What a store has to be able to do, tried at each start below a prefix of its own: with races, since a store may pass
// every single request and fail at two at once. What cannot be promised is said in one sentence.
import { BucketObjects } from "./bucket-objects.ts";
import { putConditionally } from "./conditional-put.ts";
import { deleteMany } from "./deletions.ts";
import { S3Failure } from "./failure.ts";
import { listObjects } from "./listing.ts";
import { completeMultipart, createMultipart, putPart } from "./multipart.ts";

/** What was found of a store that will do. */
export interface StoreTraits {
  /** Whether it takes ETags in conditions only with their quotes. */
  readonly isQuoted: boolean;
  /** Whether it refuses deletions that come too late; otherwise nothing may be collected. */
  readonly isExpiryEnforced: boolean;
  /** Whether an ETag is the MD5 of what it names, so that listings tell contents. */
  readonly areEtagsMd5: boolean;
  /** What an operator should know. */
  readonly warnings: readonly string[];
}

/** The store cannot carry a registry; the message says why, and what to do. */
export class UnfitStore extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "UnfitStore";
  }
}

/** Where it is tried. */
export interface ProbeOptions {
  /** Ends with a slash. */
  readonly prefix: string;
  readonly newId: () => string;
}

const racers = 8;
/** What a node's clock may be off before somebody should know; signatures fail at fifteen minutes. */
const maxSkewMs = 5 * 60_000;
/** What a store's clocks may be apart among themselves: half of what notices have for it. */
const maxApartMs = 60_000;

/** Tries the store; throws `UnfitStore` if it cannot carry a registry. */
export async function probeStore(objects: BucketObjects, options: ProbeOptions): Promise<StoreTraits> {
  const prefix = `${options.prefix}${options.newId()}/`;
  try {
    return await tryAll(new Probe(objects, prefix));
  } catch (error) {
    throw error instanceof S3Failure ? explain(error, objects) : error;
  } finally {
    await clean(objects, prefix).catch(() => {});
  }
}

async function tryAll(probe: Probe): Promise<StoreTraits> {
  const areEtagsMd5 = await probe.readsWhatWasWritten();
  await probe.createsOnce();
  const isQuoted = await probe.replacesOnce();
  await probe.mixesNoParts();
  const isExpiryEnforced = await probe.refusesWhatIsLate();
  const warnings = [...probe.clockWarnings()];
  if (!isExpiryEnforced) {
    warnings.push(
      "the object store carries out deletions that come too late: nothing is collected, and manifests cannot be deleted",
    );
  }
  return { isQuoted, isExpiryEnforced, areEtagsMd5, warnings };
}

class Probe {
  readonly #objects: BucketObjects;
  readonly #prefix: string;

  constructor(objects: BucketObjects, prefix: string) {
    this.#objects = objects;
    this.#prefix = prefix;
  }

  /** Whether ETags are MD5. */
  async readsWhatWasWritten(): Promise<boolean> {
    const key = `${this.#prefix}read`;
    const bytes = bytesOf(this.#prefix);
    const { dateMs } = await this.#objects.put(key, bytes);
    const stat = await this.#objects.stat(key);
    const listed = await Array.fromAsync(listObjects(this.#objects.client, { prefix: this.#prefix }));
    if (stat === undefined || !listed.some((each) => each.key === key)) {
      throw new UnfitStore(
        "the object store does not show at once what was written to it; a registry cannot rely on it",
      );
    }
    if (dateMs === undefined || Number.isNaN(stat.changedMs)) {
      throw new UnfitStore("the object store's answers do not tell the time; a registry goes by it");
    }
    if (Math.abs(dateMs - stat.changedMs) > maxApartMs) {
      throw new UnfitStore(
        "the object store dates what is written more than a minute away from its own clock; set its clocks right",
      );
    }
    return stat.etag === new Bun.CryptoHasher("md5").update(bytes).digest("hex");
  }

  /** Of several that create an object at once, one does. */
  async createsOnce(): Promise<void> {
    const key = `${this.#prefix}create`;
    const outcomes = await this.#race(this.#objects, key, "nothing");
    await this.#requireOne(key, outcomes, "If-None-Match");
  }

  /** Of several that replace the same object at once, one does; returns whether ETags have to be quoted. */
  async replacesOnce(): Promise<boolean> {
    const key = `${this.#prefix}replace`;
    for (const isQuoted of [false, true]) {
      const objects = new BucketObjects(this.#objects.client, { newHeaders: this.#objects.newHeaders, isQuoted });
      const { etag } = await objects.put(key, bytesOf("before"));
      const outcomes = await this.#race(objects, key, { etag });
      if (!isQuoted && outcomes.every((isPut) => !isPut)) continue;
      await this.#requireOne(key, outcomes, "If-Match");
      return isQuoted;
    }
    throw new UnfitStore("the object store refuses every put with If-Match; a registry cannot rely on it");
  }

  async #race(
    objects: BucketObjects,
    key: string,
    expected: Parameters<typeof putConditionally>[1]["expected"],
  ): Promise<readonly boolean[]> {
    const racing = Array.from({ length: racers }, async (_, index) => {
      return (await putConditionally(objects, { key, bytes: bytesOf(`writer ${index}`), expected })).isPut;
    });
    return await Promise.all(racing);
  }

  async #requireOne(key: string, outcomes: readonly boolean[], condition: string): Promise<void> {
    const winners = outcomes.flatMap((isPut, index) => (isPut ? [`writer ${index}`] : []));
    const found = await this.#objects.read(key, 100);
    if (winners.length === 1 && new TextDecoder().decode(found?.bytes) === winners[0]) return;
    throw new UnfitStore(
      `the object store does not decide between several writers (${condition}): ${winners.length} of ${racers} won; a registry cannot rely on it`,
    );
  }

  /** A part that somebody else has replaced is not put together with the rest. */
  async mixesNoParts(): Promise<void> {
    const key = `${this.#prefix}parts`;
    const upload = await createMultipart(this.#objects, key);
    const mine = await putPart(this.#objects, upload, { number: 1, bytes: bytesOf("mine") });
    await putPart(this.#objects, upload, { number: 1, bytes: bytesOf("another's") });
    await completeMultipart(this.#objects, upload, [mine]);
    const text = new TextDecoder().decode((await this.#objects.read(key, 100))?.bytes);
    if (text !== "" && text !== "mine")
      throw new UnfitStore("the object store mixes parts of several writers; a registry cannot rely on it");
  }

  /** Whether deletions are carried out in time, and not later. */
  async refusesWhatIsLate(): Promise<boolean> {
    const keys = ["late", "late-many"].map((name) => `${this.#prefix}${name}`);
    for (const key of [...keys, `${this.#prefix}in-time`]) await this.#objects.put(key, bytesOf("x"));
    const nowMs = this.#objects.client.options.clock.now();
    const over = { expiring: { asOfMs: nowMs - 120_000, seconds: 60 } };
    await this.#objects.delete(`${this.#prefix}in-time`, { expiring: { asOfMs: nowMs - 50_000, seconds: 60 } });
    if ((await this.#objects.stat(`${this.#prefix}in-time`)) !== undefined)
      throw new UnfitStore("the object store does not delete what it says that it has deleted");
    await this.#objects.delete(keys[0] ?? "", over).catch(ignoreRefusal);
    await deleteMany(this.#objects.client, [keys[1] ?? ""], over).catch(ignoreRefusal);
    const left = await Promise.all(keys.map(async (key) => await this.#objects.stat(key)));
    return left.every((stat) => stat !== undefined);
  }

  *clockWarnings(): Generator<string> {
    const skewMs = this.#objects.client.options.clock.skewMs();
    if (Math.abs(skewMs) < maxSkewMs) return;
    const [minutes, direction] = [Math.round(Math.abs(skewMs) / 60_000), skewMs > 0 ? "ahead of" : "behind"];
    yield `this machine's clock is ${minutes} minutes ${direction} the object store's`;
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof S3Failure) || error.status !== 403) throw error;
}

function explain(failure: S3Failure, { client }: BucketObjects): UnfitStore {
  const { bucket, endpoint } = client.options.bucket;
  const where = `the bucket ${bucket} at ${endpoint.host}`;
  const sentences: Readonly<Record<string, string>> = {
    NoSuchBucket: `there is no bucket ${bucket} at ${endpoint.host}: create it, or set storage.s3.bucket`,
    InvalidAccessKeyId: `${endpoint.host} does not know the access key: set storage.s3.accesskey`,
    SignatureDoesNotMatch: `${endpoint.host} refuses the secret key: set storage.s3.secretkey and storage.s3.region`,
    AuthorizationHeaderMalformed: `${endpoint.host} is in another region: set storage.s3.region`,
    PermanentRedirect: `the bucket ${bucket} is in another region: set storage.s3.region`,
    AccessDenied: `${where} may not be read and written with these credentials`,
    NotImplemented: `${where} cannot do what a registry needs`,
  };
  const sentence =
    sentences[failure.reason] ?? (failure.status === 0 ? `${where} cannot be reached` : `${where} cannot be used`);
  return new UnfitStore(`${sentence} (${failure.message})`, failure);
}

async function clean(objects: BucketObjects, prefix: string): Promise<void> {
  const keys = (await Array.fromAsync(listObjects(objects.client, { prefix }))).map(({ key }) => key);
  await deleteMany(objects.client, keys);
}
