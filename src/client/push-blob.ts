// A push of one blob: in one request where that works, in pieces where a proxy before the registry allows no more, and
// after a break from where the registry says that it is.

import { setTimeout as pause } from "node:timers/promises";
import { bodyOf } from "../lib/content.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { type RunningHash, startHash } from "../oci/hash.ts";
import { askSession, closeSession, openSession, type PushTarget, sendPiece } from "./upload-session.ts";

/** What is pushed. */
export interface PushedBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /**
   * The bytes from an offset on, which `hash` has seen up to there. They end with an error, before the last of them, where
   * they are wrong.
   */
  readonly read: (from: { readonly offset: number; readonly hash: RunningHash }) => AsyncIterable<Uint8Array>;
  /** A session that a mount left open. */
  readonly session: URL | undefined;
  /** Before the first attempt after a failure; doubled with each further one. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

/** Up to here a blob is sent with the request that closes its session. */
const smallBytes = 4 * 1024 * 1024;
/** What proxies accept by default is mostly more. */
const pieceBytes = 16 * 1024 * 1024;
/** How far the hash may lie behind what a registry has kept. */
const checkpointBytes = 8 * 1024 * 1024;
/** Attempts in a row that bring nothing. */
const maxFailures = 5;
/** The longest Retry-After that is waited for. */
const longestPauseSeconds = 300;
/** How long a registry may take no bytes, or be silent after the last one. */
const stallMs = 300_000;
const passingCodes: readonly string[] = [
  "UPSTREAM_LIMITED",
  "UPSTREAM_TIMEOUT",
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_UNREACHABLE",
];

/** Pushes it; returns when the registry has it. */
export async function pushBlob(target: PushTarget, blob: PushedBlob): Promise<void> {
  await new BlobPush(target, blob).run();
}

/** The state of an attempt. */
type Step = "stored" | "again" | "restart";

class BlobPush {
  readonly #target: PushTarget;
  readonly #blob: PushedBlob;
  #location: URL | undefined;
  /** What the registry is known to have. */
  #sizeBytes = 0;
  #isPieced = false;
  #restarts = 0;
  /** The hash of the beginning, at several offsets in order, to resume from. */
  #checkpoints: RunningHash[];
  /** Why the source broke off: no failure of the registry. */
  #sourceFailure: { readonly error: unknown } | undefined;

  constructor(target: PushTarget, blob: PushedBlob) {
    this.#target = target;
    this.#blob = blob;
    this.#location = blob.session;
    this.#checkpoints = [startHash(digestAlgorithm(blob.digest))];
  }

  async run(): Promise<void> {
    for (let failures = 0; ; ) {
      const before = this.#sizeBytes;
      try {
        const step = await this.#attempt();
        if (step === "stored") return;
        if (step === "restart") this.#restart();
      } catch (error) {
        if (this.#sourceFailure !== undefined) throw this.#sourceFailure.error;
        await this.#recover(error, failures);
        failures = this.#sizeBytes > before ? 1 : failures + 1;
      }
    }
  }

  #restart(): void {
    this.#countRestart();
    this.#location = undefined;
    this.#sizeBytes = 0;
  }

  #countRestart(): void {
    this.#restarts += 1;
    if (this.#restarts > maxFailures) {
      const { host } = this.#target.client;
      const message = `${host} ended the upload of ${this.#blob.digest} ${this.#restarts} times; try again later`;
      throw new RegistryError("UPSTREAM_INVALID", { message });
    }
  }

  async #attempt(): Promise<Step> {
    const { signal, sizeBytes } = this.#blob;
    this.#location ??= await this.#open();
    if (sizeBytes <= smallBytes && this.#sizeBytes === 0) return await this.#sendSmall(this.#location);
    if (this.#sizeBytes < sizeBytes) {
      const sent = this.#isPieced ? await this.#sendNextPiece(this.#location) : await this.#sendRest(this.#location);
      if (sent !== "sent") return sent;
    }
    if (this.#sizeBytes < sizeBytes) return "again";
    return this.#conclude(await closeSession(this.#target, this.#location, { digest: this.#blob.digest, signal }));
  }

  async #open(): Promise<URL> {
    const opened = await openSession(this.#target, { signal: this.#blob.signal });
    if (opened.kind === "session") return opened.location;
    throw new RegistryError("UPSTREAM_INVALID", { message: `${this.#target.client.host} opened no upload` });
  }

  #conclude(outcome: "stored" | "gone" | "refused" | "too-large"): Step {
    if (outcome === "too-large") this.#isPieced = true;
    return outcome === "stored" ? "stored" : "restart";
  }

  async #sendSmall(location: URL): Promise<Step> {
    const { digest, signal } = this.#blob;
    const body = await this.#collect(0, this.#blob.sizeBytes);
    return this.#conclude(await closeSession(this.#target, location, { digest, body, signal }));
  }

  async #sendNextPiece(location: URL): Promise<"sent" | Step> {
    const startBytes = this.#sizeBytes;
    const lengthBytes = Math.min(pieceBytes, this.#blob.sizeBytes - startBytes);
    const body = await this.#collect(startBytes, lengthBytes);
    return await this.#note(location, { body, lengthBytes, startBytes }, this.#blob.signal);
  }

  async #sendRest(location: URL): Promise<"sent" | Step> {
    const startBytes = this.#sizeBytes;
    const lengthBytes = this.#blob.sizeBytes - startBytes;
    const stall = new AbortController();
    const host = this.#target.client.host;
    const stalled = new RegistryError("UPSTREAM_TIMEOUT", { message: `${host} took nothing for ${stallMs / 1000} s` });
    const timer = setTimeout(() => stall.abort(stalled), stallMs);
    try {
      const body = bodyOf(this.#bytes(startBytes), () => timer.refresh());
      const piece = { body, lengthBytes, startBytes: startBytes === 0 ? undefined : startBytes };
      return await this.#note(location, piece, AbortSignal.any([this.#blob.signal, stall.signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  async #note(
    location: URL,
    piece: Parameters<typeof sendPiece>[2]["piece"],
    signal: AbortSignal,
  ): Promise<"sent" | Step> {
    const outcome = await sendPiece(this.#target, location, { piece, signal });
    if (outcome instanceof URL) {
      this.#location = outcome;
      this.#sizeBytes += piece.lengthBytes;
      return "sent";
    }
    if (outcome === "other-range") {
      this.#countRestart();
      return await this.#locate();
    }
    if (outcome === "too-large") {
      if (this.#isPieced)
        throw new RegistryError("UPSTREAM_INVALID", {
          message: `${this.#target.client.host} takes no pieces of ${pieceBytes} bytes`,
        });
      this.#isPieced = true;
    }
    return "restart";
  }

  /** Learns what has arrived. */
  async #locate(): Promise<Step> {
    const { signal, sizeBytes } = this.#blob;
    const state = this.#location === undefined ? "gone" : await askSession(this.#target, this.#location, signal);
    if (state === "gone" || state.sizeBytes > sizeBytes) return "restart";
    this.#location = state.location;
    this.#sizeBytes = state.sizeBytes;
    return "again";
  }

  /** Pauses after a failure and finds out where to resume; throws if there is to be no other attempt. */
  async #recover(error: unknown, failures: number): Promise<void> {
    const { signal, pauseMs } = this.#blob;
    if (signal.aborted) throw signal.reason;
    if (!(error instanceof RegistryError) || !passingCodes.includes(error.code)) throw error;
    const askedSeconds = error.refusal.retryAfterSeconds ?? 0;
    if (failures + 1 >= maxFailures || askedSeconds > longestPauseSeconds) throw error;
    await pause(Math.max(pauseMs * 2 ** failures, askedSeconds * 1000), undefined, { signal });
    const step = await this.#locate().catch(() => "again" as const);
    if (step === "restart") this.#restart();
  }

  async #collect(startBytes: number, lengthBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const body = new Uint8Array(lengthBytes);
    let filled = 0;
    for await (const chunk of this.#bytes(startBytes)) {
      const part = chunk.subarray(0, lengthBytes - filled);
      body.set(part, filled);
      filled += part.length;
      if (filled === lengthBytes && startBytes + filled < this.#blob.sizeBytes) break;
    }
    return body;
  }

  /** The bytes from a place on; the hash begins at the checkpoint before it. */
  async *#bytes(startBytes: number): AsyncGenerator<Uint8Array> {
    const checkpoint = this.#checkpoints.findLast((each) => each.sizeBytes <= startBytes);
    if (checkpoint === undefined) throw new TypeError("there is a checkpoint at the beginning");
    const hash = checkpoint.fork();
    let skippedBytes = startBytes - checkpoint.sizeBytes;
    try {
      for await (const chunk of this.#blob.read({ offset: checkpoint.sizeBytes, hash })) {
        const last = this.#checkpoints.at(-1)?.sizeBytes ?? 0;
        if (hash.sizeBytes >= last + checkpointBytes) this.#checkpoints.push(hash.fork());
        const missing = chunk.subarray(Math.min(skippedBytes, chunk.length));
        skippedBytes -= chunk.length - missing.length;
        if (missing.length > 0) yield missing;
      }
    } catch (error) {
      this.#sourceFailure = { error };
      throw error;
    }
  }
}
