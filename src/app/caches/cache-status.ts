// How the caches and their upstreams are, for people who look: kept from the events of this process.
import type { CachedUpstream } from "../../http/api/server-description.ts";
import type { ProxyEvent } from "../../proxy/events.ts";

/** An upstream as it is configured. */
export interface KnownUpstream {
  readonly host: string;
  readonly url: string;
}

type Status = Pick<CachedUpstream, "state" | "problem" | "remainingPulls">;

/** The state of the caches since this process began. */
export class CacheStatus {
  readonly #upstreams = new Map<string, Status>();
  #hits = 0;
  #misses = 0;

  /** Takes note of an event. */
  note(event: ProxyEvent): void {
    if (event.kind === "pull") {
      if (event.isHit) this.#hits += 1;
      else this.#misses += 1;
    } else if (event.kind === "request") {
      const isFailing = event.status === 0 || event.status === 429 || event.status >= 500;
      const problem = event.reason ?? `it answered ${event.status}`;
      this.#update(event.upstream, {
        state: isFailing ? "failing" : "answering",
        problem: isFailing ? problem : undefined,
      });
    } else if (event.kind === "quota") this.#update(event.upstream, { remainingPulls: event.remaining });
  }

  /** Answers from the caches, and those for which an upstream was asked. */
  get cached(): { readonly hits: number; readonly misses: number } {
    return { hits: this.#hits, misses: this.#misses };
  }

  /** Each of these upstreams, with what its last answer was like. */
  describe(upstreams: readonly KnownUpstream[]): readonly CachedUpstream[] {
    return upstreams.map((upstream) => ({ ...upstream, ...this.#statusOf(upstream.host) }));
  }

  #statusOf(host: string): Status {
    return this.#upstreams.get(host) ?? { state: "unasked", problem: undefined, remainingPulls: undefined };
  }

  #update(host: string, change: Partial<Status>): void {
    this.#upstreams.set(host, { ...this.#statusOf(host), ...change });
  }
}
