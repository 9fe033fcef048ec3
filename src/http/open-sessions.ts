// Upload sessions by caller, so that nobody can fill the disk with sessions that are never finished. What is known here is
// no more than this process saw: a session that another one has finished is found out only when a caller has too many.
import { type Caller, formatIdentity } from "../auth/identity.ts";
import { BoundedMap } from "../lib/bounded-map.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import { networkOf } from "./login-failures.ts";

/** Which session. */
export interface SessionName {
  readonly name: RepositoryName;
  readonly id: string;
}

interface KnownSession extends SessionName {
  readonly usedMs: number;
}

/** How a session is opened, and whether one still is. */
export interface SessionStore {
  readonly start: () => Promise<string>;
  readonly isOpen: (session: SessionName) => Promise<boolean>;
}

const maxCallers = 1000;
/** What was abandoned must not keep its caller from pushing until it is purged. */
const idleMs = 3_600_000;
/** Looking at all sessions of a caller is not for free. */
const lookIntervalMs = 10_000;
const retryAfterSeconds = 30;

/** The name by which a caller's sessions are counted: the identity's, or else the address. */
export function sessionOwner({ identity }: Caller, remote: string): string {
  const { kind } = identity;
  return `${kind} ${kind === "anonymous" ? networkOf(remote) : formatIdentity(identity)}`;
}

/** The sessions of all callers. */
export class OpenSessions {
  readonly #callers = new BoundedMap<string, CallerSessions>(maxCallers);
  readonly #most: number;
  readonly #now: () => number;

  /** `most` for each caller; `now` is in milliseconds. */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** The sessions of one caller. */
  of(owner: string): CallerSessions {
    const sessions = this.#callers.get(owner) ?? new CallerSessions(this.#most, this.#now);
    this.#callers.set(owner, sessions);
    return sessions;
  }
}

/** The sessions of one caller. */
export class CallerSessions {
  readonly #most: number;
  readonly #now: () => number;
  readonly #sessions = new Map<string, KnownSession>();
  #startingCount = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** Opens a session; refuses with TOO_MANY_REQUESTS if the caller has too many. */
  async open(name: RepositoryName, { start, isOpen }: SessionStore): Promise<string> {
    if (this.#isFull()) await this.#forget(isOpen);
    if (this.#isFull()) {
      throw new RegistryError("TOO_MANY_REQUESTS", {
        message: "too many uploads are open; finish or cancel some, and try again",
        retryAfterSeconds,
        cause: new Error(`http.limits.sessions is ${this.#most}`),
      });
    }
    this.#startingCount += 1;
    try {
      const id = await start();
      if (Number.isFinite(this.#most)) this.#sessions.set(id, { name, id, usedMs: this.#now() });
      return id;
    } finally {
      this.#startingCount -= 1;
    }
  }

  /** The session has just been used. */
  used(id: string): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) this.#sessions.set(id, { ...session, usedMs: this.#now() });
  }

  /** The session is no more. */
  ended(id: string): void {
    this.#sessions.delete(id);
  }

  #isFull(): boolean {
    return this.#sessions.size + this.#startingCount >= this.#most;
  }

  /** Forgets what has not been used for long, and what others have ended. */
  async #forget(isOpen: SessionStore["isOpen"]): Promise<void> {
    for (const { id, usedMs } of [...this.#sessions.values()]) {
      if (this.#now() - usedMs >= idleMs) this.ended(id);
    }
    if (!this.#isFull() || this.#now() - this.#lookedMs < lookIntervalMs) return;
    this.#lookedMs = this.#now();
    for (const session of [...this.#sessions.values()]) if (!(await isOpen(session))) this.ended(session.id);
  }
}
