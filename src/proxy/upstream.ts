// One upstream registry: the requests of the distribution spec that a cache makes. Undefined means that the upstream
// does not have it; an upstream that fails throws a RegistryError whose code begins with UPSTREAM_.
import { openBlobPart } from "../client/blob-part.ts";
import { Deadline } from "../client/deadline.ts";
import type { BlobPart, OpenBlobOptions } from "../client/receive.ts";
import { type ClientOptions, RegistryClient } from "../client/registry-client.ts";
import type { UpstreamAnswer } from "../client/transport.ts";
import { digestOf, parseLength, readWholeAnswer } from "../client/upstream-answer.ts";
import { pullScope } from "../client/upstream-token.ts";
import { parseStrictJsonInTurns } from "../lib/json.ts";
import type { LeastRate } from "../lib/least-rate.ts";
import { Slots } from "../lib/slots.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { maxManifestBytes } from "../oci/manifest.ts";
import { manifestTypes } from "../oci/media-type.ts";
import type { RepositoryName } from "../oci/name.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import { Backoff, type BackoffTimes, type Subject } from "./backoff.ts";
import type { Report } from "./events.ts";

/** How long an upstream may take. */
export interface UpstreamTimes extends BackoffTimes {
  /** For a whole answer; for a blob, only for the head. */
  readonly answerMs: number;
  /** For a whole answer if cached content can be served instead. */
  readonly recheckMs: number;
  /** Between two chunks of a body. */
  readonly stallMs: number;
  /** Before a download that broke off is resumed; grows with each failure. */
  readonly pauseMs: number;
  /** The least rate for a blob. */
  readonly leastRate: LeastRate;
}

/** What an upstream needs. */
export interface UpstreamOptions extends Omit<ClientOptions, "report" | "answerMs"> {
  readonly times: UpstreamTimes;
  readonly report: Report;
}

/** A page of a list. */
export interface UpstreamList {
  readonly value: unknown;
  readonly sizeBytes: number;
  /** The path of the next page below /v2/<name>/. */
  readonly next: string | undefined;
}

/** A request, without what ends it. */
interface Request {
  readonly subject: Subject;
  readonly method: "GET" | "HEAD";
  readonly name: RepositoryName;
  /** Below /v2/<name>/. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the whole answer. */
  readonly timeoutMs?: number;
}

/** A request that can be ended. */
interface BoundRequest extends Request {
  /** Ends the request, and the reading of its answer. */
  readonly signal: AbortSignal;
}

const maxListBytes = 8 * 1024 * 1024;
/** What a page of a list may cost to parse. */
const listLimits = { maxDepth: 100, maxValues: 250_000, maxDifferentKeys: 5000, maxEscapes: 250_000 };
/** How many answers of one upstream are read whole at once. */
const maxReading = 6;
const acceptManifests = { Accept: [...manifestTypes, "*/*"].join(", ") };

/** An upstream registry. */
export class Upstream {
  readonly host: string;
  readonly url: URL;
  readonly #options: UpstreamOptions;
  readonly #client: RegistryClient;
  readonly #backoff: Backoff;
  /** Answers that are read whole take memory meanwhile. */
  readonly #reading = new Slots(maxReading);

  constructor(options: UpstreamOptions) {
    const { host, url, times, now } = options;
    this.host = host;
    this.url = url;
    this.#options = options;
    this.#client = new RegistryClient({ ...options, answerMs: times.answerMs });
    this.#backoff = new Backoff(times, now);
  }

  /** How long this upstream may take. */
  get times(): UpstreamTimes {
    return this.#options.times;
  }

  /** Asks for the base of the API, with credentials if they are asked for; throws what is wrong. */
  async check(): Promise<void> {
    await this.#client.check();
  }

  /** The digest that a reference points to. Docker Hub does not count this as a pull. */
  async headManifest(name: RepositoryName, reference: Reference): Promise<{ digest: Digest | undefined } | undefined> {
    const path = `manifests/${formatReference(reference)}`;
    const timeoutMs = this.times.recheckMs;
    const question = { subject: "manifests", method: "HEAD", name, path, headers: acceptManifests, timeoutMs } as const;
    return this.#askWhole(question, async (answer) => {
      answer.cancel();
      return { digest: digestOf(answer) };
    });
  }

  /** The bytes of a manifest, not yet verified, and the digest that the upstream claims for them. */
  async getManifest(
    name: RepositoryName,
    reference: Reference,
    timeoutMs = this.times.answerMs,
  ): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly digest: Digest | undefined } | undefined> {
    const path = `manifests/${formatReference(reference)}`;
    const question = { subject: "manifests", method: "GET", name, path, headers: acceptManifests, timeoutMs } as const;
    return this.#askWhole(question, async (answer, signal) => {
      const bytes = await this.#read(answer, maxManifestBytes, signal);
      this.#options.report({ kind: "received", type: "manifest", sizeBytes: bytes.length });
      return { bytes, digest: digestOf(answer) };
    });
  }

  /** Whether the repository has the blob, and its size if the upstream says it. */
  async statBlob(name: RepositoryName, digest: Digest): Promise<{ sizeBytes: number | undefined } | undefined> {
    try {
      return await this.#askWhole(
        { subject: "blobs", method: "HEAD", name, path: `blobs/${digest}` },
        async (answer) => ({
          sizeBytes: parseLength(answer.headers.get("content-length")),
        }),
      );
    } catch (error) {
      if (!isRefusedHead(error)) throw error;
      // A redirect signed for GET refuses HEAD: the head of a GET says the same.
      const giveUp = new AbortController();
      const part = await this.openBlob(name, digest, { offset: 0, signal: giveUp.signal, isUrgent: false });
      giveUp.abort();
      return part === undefined ? undefined : { sizeBytes: part.totalBytes };
    }
  }

  /** Opens a blob from an offset on. */
  async openBlob(
    name: RepositoryName,
    digest: Digest,
    { offset, signal, isUrgent }: OpenBlobOptions,
  ): Promise<BlobPart | undefined> {
    const attempt = { subject: "blobs", isUrgent, patience: signal, isGivenUp: () => signal.aborted } as const;
    const request = { name, digest, offset, signal, stallMs: this.times.stallMs };
    const learnFrom = await this.#backoff.admit(attempt);
    return await learnFrom(openBlobPart(this.#client, request));
  }

  /** A page of a list as JSON, and the path of the next page below /v2/<name>/. */
  async getList(name: RepositoryName, path: string): Promise<UpstreamList | undefined> {
    return this.#askWhole({ subject: "lists", method: "GET", name, path }, async (answer, signal) => {
      const bytes = await this.#read(answer, maxListBytes, signal);
      const json = await parseStrictJsonInTurns(bytes, listLimits);
      if ("value" in json) return { value: json.value, sizeBytes: bytes.length, next: this.#nextPath(answer, name) };
      throw new RegistryError("UPSTREAM_INVALID", { message: `${this.host} sent no list: ${json.problem}` });
    });
  }

  #nextPath(answer: UpstreamAnswer, name: RepositoryName): string | undefined {
    return this.#client.nextPath(answer, `${name}/`)?.slice(name.length + 1);
  }

  async #read(answer: UpstreamAnswer, maxBytes: number, signal: AbortSignal): Promise<Buffer<ArrayBuffer>> {
    using _place = await this.#reading.take(signal);
    return await readWholeAnswer(answer, { maxBytes, stallMs: this.times.stallMs, host: this.host });
  }

  /** Sends a request whose answer is read whole, within a time limit. */
  async #askWhole<T>(
    request: Request,
    read: (answer: UpstreamAnswer, signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    using deadline = new Deadline(request.timeoutMs ?? this.times.answerMs, this.host);
    const { signal } = deadline;
    const attempt = { subject: request.subject, isUrgent: false, patience: signal, isGivenUp: () => false };
    const learnFrom = await this.#backoff.admit(attempt);
    const asking = this.#request({ ...request, signal });
    return await learnFrom(asking.then((answer) => (answer === undefined ? undefined : read(answer, signal))));
  }

  #request({ name, method, path, headers = {}, signal }: BoundRequest): Promise<UpstreamAnswer | undefined> {
    return this.#client.find({ method, path: `${name}/${path}`, scopes: pullScope(name), headers, signal });
  }
}

function isRefusedHead(error: unknown): boolean {
  return error instanceof RegistryError && (error.code === "UPSTREAM_DENIED" || error.code === "UPSTREAM_INVALID");
}
