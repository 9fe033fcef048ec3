// An object store in memory that speaks S3, for tests: its clock is turned by hand, its pages are as small as one likes,
// and it fails as it is told.
import { EngineMultiparts } from "./engine-multiparts.ts";
import { EngineObjects } from "./engine-objects.ts";
import { answerError, type EngineRequest, readRequest } from "./engine-request.ts";

/** What goes wrong with one request. */
export type Fault =
  /** Not carried out: an answer that says so, or none. */
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly code: string;
      readonly headers?: Record<string, string>;
    }
  | { readonly kind: "dropped" }
  /** Carried out, and the answer gets lost, or says something else. */
  | { readonly kind: "lost" }
  | { readonly kind: "misreported"; readonly status: number; readonly code: string }
  | { readonly kind: "doubled" }
  /** Not answered, and carried out when the test says so. */
  | { readonly kind: "late" };

/** What a test may set. */
export interface EngineOptions {
  readonly pageSize?: number;
  /** Whether deletes and puts are refused once their signature's time is over. */
  readonly isExpiryEnforced?: boolean;
  /** Whether conditions of puts are honoured. */
  readonly isConditional?: boolean;
  readonly isQuoteWanted?: boolean;
  /** Whether conditions on the source of a copy are honoured. */
  readonly isCopyConditional?: boolean;
}

/** A bucket in memory. */
export class Engine {
  readonly objects: EngineObjects;
  readonly multiparts: EngineMultiparts;
  readonly requests: EngineRequest[] = [];
  /** Decides about each request; undefined lets it pass. */
  fault: (request: EngineRequest) => Fault | undefined = () => undefined;
  nowMs = Date.parse("2026-11-29T12:00:00Z");
  #late: (() => Promise<unknown>)[] = [];
  readonly #options: EngineOptions;

  constructor(options: EngineOptions = {}) {
    this.#options = options;
    this.objects = new EngineObjects(() => this.nowMs, options);
    this.multiparts = new EngineMultiparts(this.objects);
  }

  /** Sends a request to it, as `fetch` does. */
  readonly send = async (url: string, init: BunFetchRequestInit): Promise<Response> => {
    const request = await readRequest(url, init);
    this.requests.push(request);
    const fault = this.fault(request);
    await Promise.resolve();
    switch (fault?.kind) {
      case "refused":
        return this.#stamp(answerError(fault.status, fault.code, fault.headers));
      case "dropped":
        throw Object.assign(new Error("The connection was reset"), { code: "ECONNRESET" });
      case "lost":
        this.#answer(request);
        throw Object.assign(new Error("The connection was reset"), { code: "ECONNRESET" });
      case "misreported":
        this.#answer(request);
        return this.#stamp(answerError(fault.status, fault.code));
      case "doubled":
        this.#answer(request);
        return this.#answer(request);
      case "late":
        this.#late.push(async () => this.#answer(request));
        throw Object.assign(new Error("The connection was reset"), { code: "ECONNRESET" });
      default:
        return this.#answer(request);
    }
  };

  /** Carries out what is late. */
  async arrive(): Promise<void> {
    const late = this.#late;
    this.#late = [];
    for (const each of late) await each();
  }

  /** The text under a key; undefined if there is none. */
  text(key: string): string | undefined {
    const found = this.objects.get(key);
    return found === undefined ? undefined : new TextDecoder().decode(found.bytes);
  }

  /** All keys, in order. */
  keys(): readonly string[] {
    return this.objects.keys();
  }

  #answer(request: EngineRequest): Response {
    return this.#stamp(this.#refuse(request) ?? this.multiparts.answer(request) ?? this.objects.answer(request));
  }

  /** As a store judges a signature's time, and the bytes that it vouches for. */
  #refuse(request: EngineRequest): Response | undefined {
    const { signedMs, expiresSeconds, bodyHash } = request;
    if (Number.isNaN(signedMs)) return answerError(403, "AccessDenied");
    if (expiresSeconds === undefined) {
      if (Math.abs(signedMs - this.nowMs) > 15 * 60_000) return answerError(403, "RequestTimeTooSkewed");
      const actual = new Bun.CryptoHasher("sha256").update(request.body).digest("hex");
      return bodyHash === "UNSIGNED-PAYLOAD" || bodyHash === actual
        ? undefined
        : answerError(400, "XAmzContentSHA256Mismatch");
    }
    const isOver = signedMs + expiresSeconds * 1000 < this.nowMs;
    return isOver && this.#options.isExpiryEnforced !== false ? answerError(403, "AccessDenied") : undefined;
  }

  #stamp(response: Response): Response {
    response.headers.set("date", new Date(this.nowMs).toUTCString());
    return response;
  }
}
