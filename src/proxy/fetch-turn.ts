// Whose turn it is to fetch a blob, of several nodes that cannot read each other's files. One makes a claim and fetches; the
// others wait until it is stored, for a while. A claim is a courtesy: whenever one is in the way, a node fetches by itself.
import { setTimeout as pause } from "node:timers/promises";
import type { BlobSource } from "../client/receive.ts";
import { isBlobThere } from "../registry/find-blob.ts";
import { type TransferOrigin, transferKey } from "../registry/layout.ts";
import type { Store } from "../registry/store.ts";
import type { Claim, Claimed, NodeClaims } from "../storage/claims.ts";
import type { Report } from "./events.ts";
import { type FetchNote, formatFetchNote, parseFetchNote, refusalFor, sharedFailureOf } from "./fetch-note.ts";
import { Fetching, type FetchingOptions } from "./fetching.ts";
import { planPause, type TurnTimes } from "./turn-times.ts";

/** A blob, and who wants it. */
export interface TurnOptions extends FetchingOptions {
  /** Without claims, others can follow what we fetch. */
  readonly store: Store;
  readonly origin: TransferOrigin & Pick<BlobSource, "expectedBytes">;
  readonly turnTimes: TurnTimes;
  /** Throws unless the upstream has the blob in this repository. */
  readonly confirm: () => Promise<unknown>;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  readonly report: Report;
}

/**
 * Waits until no other node fetches the blob, or until that has taken long enough, and returns what has to watch the work that
 * follows; this work has to check first whether the blob is stored. Throws the upstream's refusal of the blob to the other node.
 */
export async function takeTurn(options: TurnOptions): Promise<<T>(work: Promise<T>) => Promise<T>> {
  const { claims } = options.store;
  const claim = claims === undefined ? undefined : await new Turn(claims, options).take();
  const fetching = claim === undefined ? undefined : new Fetching(claim, options);
  return async (work) => {
    let failure: FetchNote["failure"];
    try {
      return await work;
    } catch (error) {
      failure = sharedFailureOf(error);
      throw error;
    } finally {
      // Nobody here has to wait for that.
      void fetching?.end(failure);
    }
  };
}

/** The wait for a turn. */
class Turn {
  readonly #claims: NodeClaims;
  readonly #options: TurnOptions;
  readonly #startedMs = performance.now();
  /** The node that was waited for. */
  #holder: string | undefined;
  #isConfirmed = false;
  #polls = 0;

  constructor(claims: NodeClaims, options: TurnOptions) {
    this.#claims = claims;
    this.#options = options;
  }

  /** Undefined if the blob is stored, or a claim not worth the wait. */
  async take(): Promise<Claim | undefined> {
    const { origin, name } = this.#options;
    const note = formatFetchNote({ name, workedMs: 0, arrivedBytes: 0, totalBytes: undefined });
    for (;;) {
      const claim = await this.#claims.take(transferKey(origin), note);
      if (claim !== "taken") return this.#tell(claim === undefined ? "fetched" : "taken over", claim);
      const outcome = await this.#wait();
      if (outcome !== "free") return this.#tell(outcome);
    }
  }

  /** Until the blob is stored, or the claim free; or for long enough. */
  async #wait(): Promise<"stored" | "free" | "fetched"> {
    for (;;) {
      const found = await this.#claims.look(transferKey(this.#options.origin));
      if (found === undefined) return "fetched";
      if (found === "nobody" || found.state !== "held") return await this.#leave(found);
      const pauseMs = await this.#planPause(found);
      if (pauseMs === undefined || !(await this.#rest(pauseMs))) return "fetched";
    }
  }

  /** What comes of the wait if nobody fetches any more. */
  async #leave(found: Claimed | "nobody"): Promise<"stored" | "free" | "fetched"> {
    const { store, origin, name, turnTimes } = this.#options;
    const note = found === "nobody" || found.state !== "over" ? undefined : parseFetchNote(found.note);
    const refusal = note && refusalFor({ name, digest: origin.digest }, note);
    if (refusal !== undefined) throw refusal;
    if (await isBlobThere(store, origin)) {
      await this.#confirm(note);
      return "stored";
    }
    // Several that are free to fetch may lose the claim to each other again and again.
    return this.#waitedMs() < turnTimes.waitMs ? "free" : "fetched";
  }

  async #planPause({ holder, note: text }: Claimed): Promise<number | undefined> {
    const note = parseFetchNote(text);
    this.#holder = holder;
    // If the upstream refuses it here, it says so once it is asked for the blob.
    const isOurs = await this.#confirm(note).catch(() => false);
    if (note === undefined || !isOurs) return undefined;
    this.#polls += 1;
    return planPause({ polls: this.#polls, waitedMs: this.#waitedMs(), note }, this.#options.turnTimes);
  }

  /** Throws unless the upstream has it in this repository, which fetching it for another one does not tell. */
  async #confirm(note: FetchNote | undefined): Promise<true> {
    if (!this.#isConfirmed && note?.name !== this.#options.name) await this.#options.confirm();
    this.#isConfirmed = true;
    return true;
  }

  /** False if nobody wants the blob any more. */
  async #rest(pauseMs: number): Promise<boolean> {
    const { signal } = this.#options;
    return await pause(pauseMs, true, { signal }).catch(() => false);
  }

  #tell(outcome: "stored" | "fetched" | "taken over", claim?: Claim): Claim | undefined {
    const { report, origin } = this.#options;
    const [what, holder, waitedMs] = [origin.digest, this.#holder, this.#waitedMs()];
    if (holder !== undefined) report({ kind: "waited", what, holder, waitedMs, outcome });
    return claim;
  }

  #waitedMs(): number {
    return performance.now() - this.#startedMs;
  }
}
