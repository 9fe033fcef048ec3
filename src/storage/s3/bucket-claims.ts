// Claims in a bucket: small objects that are created, renewed and taken over on a condition, so that of several nodes one has
// each. Their age goes by the store's clock. Every request is sent once and given up soon: a claim is worth no wait.
//
//   <key>     {"id":…,"turn":…,"holder":…,"seconds":…,"isOver":…,"note":…}     until its LastModified and these seconds
import { parseJsonObject } from "../../lib/json-object.ts";
import type { Claim, Claimed, NodeClaims } from "../claims.ts";
import type { Key } from "../ports.ts";
import { type BucketObjects, bareEtag, statOf } from "./bucket-objects.ts";
import { conditionOf, type Expected } from "./conditional-put.ts";
import { deleteMany, maxDeletions } from "./deletions.ts";
import { S3Failure } from "./failure.ts";
import { listPages } from "./listing.ts";

/** What it needs. */
export interface BucketClaimsOptions {
  readonly newId: () => string;
  /** Who we are, for a person. */
  readonly holder: string;
  /** How long a claim is good for after each sign of life. */
  readonly seconds: number;
}

/** What a claim's object says. */
interface ClaimRecord {
  /** Tells this claim from every other one. */
  readonly id: string;
  /** Tells its states apart: the same bytes would have the same ETag. */
  readonly turn: number;
  readonly holder: string;
  readonly seconds: number;
  readonly isOver: boolean;
  readonly note: string;
}

interface FoundClaim extends Claimed {
  readonly id: string;
  readonly etag: string;
}

/** How long the store may take for one request. */
const patienceMs = 3_000;
/** How often a claim is tried to be made: the second time on what the first one met. */
const maxAttempts = 2;
/** No node's claim is believed for longer. */
const longestSeconds = 300;
/** How long those who wait can read how a claim ended. */
const overMs = 5_000;
/** What is left of nodes that died goes after so long. */
const sweptAfterMs = 3_600_000;

/** The claims in one bucket; see the contract in claims.ts. */
export class BucketClaims implements NodeClaims {
  readonly #objects: BucketObjects;
  readonly #options: BucketClaimsOptions;

  constructor(objects: BucketObjects, options: BucketClaimsOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  async take(key: Key, note: string): Promise<Claim | Claimed | undefined> {
    const { newId, holder, seconds } = this.#options;
    const record = { id: newId(), turn: 0, holder, seconds, isOver: false, note };
    let expected: Expected = "nothing";
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const etag = await putClaim(this.#objects, { key, record, expected });
      if (etag !== undefined) return new BucketClaim(this.#objects, { key, record, etag });
      // Somebody else has it, or it is ours and the answer was lost, or the store fails.
      const found = await findClaim(this.#objects, key);
      if (found === undefined) return undefined;
      if (found === "nobody") expected = "nothing";
      else if (found.id === record.id) return new BucketClaim(this.#objects, { key, record, etag: found.etag });
      else if (found.state === "held") return found;
      else expected = found;
    }
    return undefined;
  }

  async look(key: Key): Promise<Claimed | "nobody" | undefined> {
    return await findClaim(this.#objects, key);
  }

  /** Removes what is left below the prefix of nodes that died long ago. */
  async sweep(prefix: Key): Promise<void> {
    const { client } = this.#objects;
    for await (const { objects, dateMs = 0 } of listPages(client, { prefix: `${prefix}/`, isFlat: false })) {
      const stale = objects.filter(({ stat }) => dateMs - stat.changedMs > sweptAfterMs).map(({ key }) => key);
      for (let start = 0; start < stale.length; start += maxDeletions) {
        await deleteMany(client, stale.slice(start, start + maxDeletions));
      }
    }
  }
}

class BucketClaim implements Claim {
  readonly lifetimeMs: number;
  readonly #objects: BucketObjects;
  readonly #key: Key;
  #record: ClaimRecord;
  #etag: string;
  #isLost = false;
  #shown: ReturnType<BucketObjects["client"]["options"]["clock"]["moment"]>;
  /** One after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(
    objects: BucketObjects,
    { key, record, etag }: { readonly key: Key; readonly record: ClaimRecord; readonly etag: string },
  ) {
    this.#objects = objects;
    this.#key = key;
    this.#record = record;
    this.#etag = etag;
    this.lifetimeMs = record.seconds * 1000;
    this.#shown = objects.client.options.clock.moment();
  }

  renew(note: string): Promise<void> {
    return this.#after(() => this.#put({ note, isOver: false }));
  }

  end(note?: string): Promise<void> {
    return this.#after(async () => {
      if (note === undefined) return await this.#remove();
      await this.#put({ note, isOver: true });
      // It is no reason for a program to go on.
      setTimeout(() => void this.#after(() => this.#remove()), overMs).unref();
    });
  }

  #after(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch(() => {});
    return this.#last;
  }

  async #put(change: Pick<ClaimRecord, "note" | "isOver">): Promise<void> {
    if (this.#isLost) return;
    const record = { ...this.#record, ...change, turn: this.#record.turn + 1 };
    this.#record = record;
    const { clock } = this.#objects.client.options;
    const asked = clock.moment();
    const put = { key: this.#key, record, expected: { etag: this.#etag } };
    const etag = (await putClaim(this.#objects, put)) ?? (await this.#etagOfOurs());
    if (etag === undefined) return;
    this.#etag = etag;
    this.#shown = asked;
  }

  /** What is there now if it is ours, as a put may do its work without an answer. */
  async #etagOfOurs(): Promise<string | undefined> {
    const found = await findClaim(this.#objects, this.#key);
    if (found === undefined) return undefined;
    this.#isLost = found === "nobody" || found.id !== this.#record.id;
    return found === "nobody" || this.#isLost ? undefined : found.etag;
  }

  /**
   * A store deletes on no condition, so it is only done as long as nobody else may have it. Should the request come late all the
   * same, two fetch what one would have fetched.
   */
  async #remove(): Promise<void> {
    const { client } = this.#objects;
    const isSure = () => !this.#isLost && client.options.clock.since(this.#shown) < this.lifetimeMs / 2;
    if (!isSure()) await this.#put({ note: "", isOver: true });
    if (!isSure()) return;
    await client.ask({ method: "DELETE", key: this.#key, patienceMs }, { expected: [404], isOnce: true });
  }
}

/** The ETag of what was put; undefined if it was not, or nobody knows. */
async function putClaim(
  objects: BucketObjects,
  { key, record, expected }: { readonly key: Key; readonly record: ClaimRecord; readonly expected: Expected },
): Promise<string | undefined> {
  const { client, newHeaders } = objects;
  const headers = { ...newHeaders, ...conditionOf(expected, objects) };
  const body = new TextEncoder().encode(JSON.stringify(record));
  return await orUndefined(async () => {
    const { headers: told } = await client.ask({ method: "PUT", key, headers, body, patienceMs }, { isOnce: true });
    return bareEtag(told.get("etag") ?? "");
  });
}

async function findClaim({ client }: BucketObjects, key: Key): Promise<FoundClaim | "nobody" | undefined> {
  return await orUndefined(async () => {
    const answer = await client.ask({ method: "GET", key, patienceMs }, { expected: [404], isOnce: true });
    if (answer.status === 404) return "nobody";
    const { etag, changedMs } = statOf(answer, answer.bytes.length);
    const record = parseClaim(answer.bytes);
    const ageMs = client.options.clock.now() - changedMs;
    // Of what nobody can read nobody knows how long it is good for.
    const isYoung = record !== undefined && ageMs <= Math.min(record.seconds, longestSeconds) * 1000;
    const { id = "", holder = "", note = "", isOver = false } = record ?? {};
    return { id, holder, note, etag, state: isOver ? "over" : isYoung ? "held" : "lapsed" };
  });
}

async function orUndefined<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof S3Failure) return undefined;
    throw error;
  }
}

function parseClaim(bytes: Uint8Array): ClaimRecord | undefined {
  const { id, turn, holder, seconds, isOver, note } = parseJsonObject(new TextDecoder().decode(bytes)) ?? {};
  const isClaim =
    [id, holder, note].every((text) => typeof text === "string") &&
    [turn, seconds].every((number) => typeof number === "number") &&
    typeof isOver === "boolean";
  return isClaim ? ({ id, turn, holder, seconds, isOver, note } as ClaimRecord) : undefined;
}
