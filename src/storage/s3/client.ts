// Requests to a bucket: tried again if that is safe and may help, and given up after a while.
import {
  type AnswerHead,
  type ConnectionOptions,
  describe,
  exchange,
  type OpenAnswer,
  type S3Request,
} from "./connection.ts";
import type { S3Credentials } from "./credentials.ts";
import { codeOf, failureOf, S3Failure } from "./failure.ts";
import { RequestSlots } from "./request-slots.ts";
import { defaultLimits, isCorrected, planRetry, type RetryLimits } from "./retries.ts";
import { parseXml, type XmlElement } from "./xml.ts";

/** How a client behaves, beside how its connection is made. */
export interface S3ClientOptions extends ConnectionOptions {
  /** Shared by all clients of a process. */
  readonly slots?: RequestSlots;
  readonly limits?: RetryLimits;
  readonly wait?: (ms: number) => Promise<void>;
  readonly random?: () => number;
}

/** What counts as an answer, and how often it may be asked for. */
export interface AskOptions {
  /** Statuses besides 2xx that are answers, and no failures. */
  readonly expected?: readonly number[];
  /** Whether the request is sent once only, since a second one could do more than one. */
  readonly isOnce?: boolean;
}

/** An answer that was read whole. */
export interface S3Answer extends AnswerHead {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Answers with XML, and errors, are read up to here. */
const maxAnswerBytes = 16 * 1024 * 1024;

/** One bucket, as its store's requests see it. */
export class S3Client {
  readonly options: S3ClientOptions;
  readonly #slots: RequestSlots;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #random: () => number;

  constructor(options: S3ClientOptions) {
    this.options = options;
    this.#slots = options.slots ?? new RequestSlots();
    this.#wait = options.wait ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.#random = options.random ?? Math.random;
  }

  /** An answer read whole; throws an `S3Failure` for what is none. */
  async ask(request: S3Request, options: AskOptions = {}): Promise<S3Answer> {
    return await this.#askShortly(request, options, async (answer) => ({
      ...headOf(answer),
      bytes: await readWhole(answer, request),
    }));
  }

  /** An answer with XML in it: its root. A status 200 may come before the outcome, and an error within. */
  async askXml(
    request: S3Request,
    options: AskOptions = {},
  ): Promise<{ readonly head: AnswerHead; readonly root: XmlElement }> {
    return await this.#askShortly(request, options, async (answer) => {
      const bytes = await readWhole(answer, request);
      const root = await parseXml(new TextDecoder().decode(bytes));
      if (root === undefined) throw new S3Failure(describe(request), { status: 0, reason: "with XML" });
      const code = codeOf(root);
      const status = answer.status === 200 ? 500 : answer.status;
      if (code !== undefined) throw new S3Failure(describe(request), { status, reason: code });
      return { head: headOf(answer), root };
    });
  }

  /** An answer whose body is read as it comes, and has to be, or given up; what breaks off then is the caller's. */
  async stream(request: S3Request, options: AskOptions = {}): Promise<OpenAnswer> {
    const slot = await this.#slots.hold(describe(request));
    try {
      const attempt = async () => await this.#attempt(request, options, async (opened) => opened);
      const answer = await this.#persist(options, attempt);
      return { ...answer, chunks: () => releasing(answer.chunks(), slot) };
    } catch (error) {
      slot[Symbol.dispose]();
      throw error;
    }
  }

  async #askShortly<T>(request: S3Request, options: AskOptions, read: (answer: OpenAnswer) => Promise<T>): Promise<T> {
    return await this.#persist(options, () => this.#slots.run(() => this.#attempt(request, options, read)));
  }

  async #persist<T>(options: AskOptions, attempt: () => Promise<{ readonly result: T } | S3Failure>): Promise<T> {
    const startedMs = performance.now();
    for (let attempts = 1; ; attempts += 1) {
      const used = await this.options.credentials.get();
      const outcome = await attempt();
      if (!(outcome instanceof S3Failure)) return outcome.result;
      this.#correct(outcome, used);
      if (options.isOnce === true && !isCorrected(outcome)) throw outcome;
      await this.pause(outcome, { attempts, startedMs });
    }
  }

  /** Waits, as the client's options have it. */
  async rest(ms: number): Promise<void> {
    await this.#wait(ms);
  }

  /** Waits until a request that failed may be sent again; throws the failure if it should not be. */
  async pause(
    failure: S3Failure,
    { attempts, startedMs }: { readonly attempts: number; readonly startedMs: number },
  ): Promise<void> {
    const progress = { attempts, elapsedMs: performance.now() - startedMs, random: this.#random() };
    const pauseMs = planRetry(failure, progress, this.options.limits ?? defaultLimits);
    if (pauseMs === undefined) throw failure;
    if (pauseMs > 0) await this.#wait(pauseMs);
  }

  async #attempt<T>(
    request: S3Request,
    { expected = [] }: AskOptions,
    read: (answer: OpenAnswer) => Promise<T>,
  ): Promise<{ readonly result: T } | S3Failure> {
    try {
      const answer = await exchange(request, this.options);
      const { status, headers } = answer;
      const isAnswer = (status >= 200 && status < 300) || expected.includes(status);
      if (isAnswer) return { result: await read(answer) };
      const text = new TextDecoder().decode(await readWhole(answer, request));
      return await failureOf(describe(request), { status, headers, text });
    } catch (error) {
      if (error instanceof S3Failure) return error;
      throw error;
    }
  }

  #correct({ reason }: S3Failure, used: S3Credentials): void {
    // The clock has learned from the same answer.
    if (reason.includes("Token")) this.options.credentials.forget(used);
  }
}

/** The chunks, with the slot that is free after them. */
async function* releasing(chunks: AsyncGenerator<Uint8Array>, slot: Disposable): AsyncGenerator<Uint8Array> {
  using _slot = slot;
  yield* chunks;
}

function headOf({ status, headers, dateMs }: OpenAnswer): AnswerHead {
  return { status, headers, dateMs };
}

async function readWhole(answer: OpenAnswer, request: S3Request): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer.chunks()) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxAnswerBytes)
      throw new S3Failure(describe(request), { status: 0, reason: "with an answer of bearable size" });
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}
