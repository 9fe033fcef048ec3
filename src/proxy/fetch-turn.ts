// Whose turn it is to fetch a blob, of several nodes that cannot read each other's files. One makes a claim and fetches; the
// others wait until it is stored, for a while. A claim is a courtesy: whenever one is in the way, a node fetches by itself.
import { setTimeout as pause } from "node:timers/promises";
import type { BlobSource } from "../client/receive.ts";
import { untilAborted } from "../lib/until-aborted.ts";
import { isBlobThere } from "../registry/find-blob.ts";
import { type TransferOrigin, transferKey } from "../registry/layout.ts";
import type { Store } from "../registry/store.ts";
import type { Claim, Claimed, NodeClaims } from "../storage/claims.ts";
import type { Key } from "../storage/ports.ts";
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
  const claim = claims === undefined ? undefined : await claimInTime(claims, options);
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

/** Undefined if the blob is stored, or a claim not worth the wait. */
async function claimInTime(claims: NodeClaims, options: TurnOptions): Promise<Claim | undefined> {
  const tooLong = new AbortController();
  const timer = setTimeout(() => tooLong.abort(), options.turnTimes.waitMs);
  const patience = AbortSignal.any([options.signal, tooLong.signal]);
  const turn = new Turn(claims, options, patience);
  try {
    return await turn.take();
  } catch (error) {
    if (!patience.aborted) throw error;
    turn.tell("fetched");
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** The wait for a turn, with patience: whatever it waits for ends with that. */
class Turn {
  readonly #claims: NodeClaims;
  readonly #options: TurnOptions;
  readonly #patience: AbortSignal;
  readonly #startedMs = performance.now();
  /** The node that was waited for. */
  #holder: string | undefined;
  #isConfirmed = false;
  #polls = 0;

  constructor(claims: NodeClaims, options: TurnOptions, patience: AbortSignal) {
    this.#claims = claims;
    this.#options = options;
    this.#patience = patience;
  }

  /** Throws when the patience is over, and what the upstream has refused the blob with. */
  async take(): Promise<Claim | undefined> {
    const { origin, name } = this.#options;
    const note = formatFetchNote({ name, arrivedBytes: 0, totalBytes: undefined });
    for (;;) {
      const taken = await this.#take(transferKey(origin), note);
      if (taken === undefined || "end" in taken) {
        this.tell(taken === undefined ? "fetched" : "taken over");
        return taken;
      }
      const outcome = await this.#waitFor(taken);
      if (outcome === "free") continue;
      this.tell(outcome);
      return undefined;
    }
  }

  async #take(key: Key, note: string): Promise<Claim | Claimed | undefined> {
    const taking = this.#claims.take(key, note);
    return await untilAborted(taking, this.#patience).catch((error: unknown) => {
      // It would keep others waiting.
      const giveBack = (late: Claim | Claimed | undefined) =>
        late !== undefined && "end" in late ? late.end() : undefined;
      void taking.then(giveBack).catch(() => {});
      throw error;
    });
  }

  /** Until the blob is stored, or the claim free, or it is not worth waiting any more. */
  async #waitFor(claimed: Claimed): Promise<"stored" | "free" | "fetched"> {
    for (let found: Claimed | "nobody" | undefined = claimed; ; ) {
      if (found === undefined) return "fetched";
      if (found === "nobody" || found.state !== "held") return await this.#leave(found);
      const pauseMs = await this.#planPause(found);
      if (pauseMs === undefined) return "fetched";
      await pause(pauseMs, undefined, { signal: this.#patience });
      found = await untilAborted(this.#claims.look(transferKey(this.#options.origin)), this.#patience);
    }
  }

  /** What comes of the wait if nobody fetches any more. */
  async #leave(found: Claimed | "nobody"): Promise<"stored" | "free"> {
    const { store, origin, name } = this.#options;
    const note = found === "nobody" || found.state !== "over" ? undefined : parseFetchNote(found.note);
    const refusal = note && refusalFor({ name, digest: origin.digest }, note);
    if (refusal !== undefined) throw refusal;
    return (await untilAborted(isBlobThere(store, origin), this.#patience)) ? "stored" : "free";
  }

  async #planPause({ holder, note: text }: Claimed): Promise<number | undefined> {
    const note = parseFetchNote(text);
    this.#holder = holder;
    if (note === undefined || !(await this.#mayWaitFor(note))) return undefined;
    this.#polls += 1;
    return planPause({ polls: this.#polls, waitedMs: this.#waitedMs(), note }, this.#options.turnTimes);
  }

  /** What is fetched for another repository may be waited for if the upstream has it in this one. */
  async #mayWaitFor(note: FetchNote): Promise<boolean> {
    const { name, confirm } = this.#options;
    if (this.#isConfirmed || note.name === name) return true;
    // If not, the upstream says so once it is asked for the blob.
    this.#isConfirmed = await untilAborted(confirm(), this.#patience).then(
      () => true,
      () => false,
    );
    return this.#isConfirmed;
  }

  /** Reports what came of the wait, if there was one. */
  tell(outcome: "stored" | "fetched" | "taken over"): void {
    const { report, origin } = this.#options;
    const [what, holder, waitedMs] = [origin.digest, this.#holder, this.#waitedMs()];
    if (holder !== undefined) report({ kind: "waited", what, holder, waitedMs, outcome });
  }

  #waitedMs(): number {
    return performance.now() - this.#startedMs;
  }
}
