// Locks by name inside one process: for the memory driver, and for filesystems without flock.
import type { Lock, LockMode } from "./ports.ts";

interface Waiter {
  readonly mode: LockMode;
  readonly grant: () => void;
}

interface State {
  shared: number;
  isAlone: boolean;
  readonly waiting: Waiter[];
}

/** First come, first served, so nobody starves. */
export class MemoryLocks {
  readonly #states = new Map<string, State>();

  /** Takes the lock of this name, or returns undefined if it was not free in time. */
  async take(name: string, mode: LockMode, waitMs: number): Promise<Lock | undefined> {
    const state = this.#states.get(name) ?? { shared: 0, isAlone: false, waiting: [] };
    this.#states.set(name, state);
    if (state.waiting.length === 0 && canGrant(state, mode)) return this.#grant(name, state, mode);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        mode,
        grant: () => {
          clearTimeout(timer);
          resolve(this.#grant(name, state, mode));
        },
      };
      const timer = setTimeout(() => {
        state.waiting.splice(state.waiting.indexOf(waiter), 1);
        resolve(undefined);
        this.#wake(name, state);
      }, waitMs);
      state.waiting.push(waiter);
    });
  }

  #grant(name: string, state: State, mode: LockMode): Lock {
    if (mode === "shared") state.shared += 1;
    else state.isAlone = true;
    return {
      [Symbol.dispose]: () => {
        if (mode === "shared") state.shared -= 1;
        else state.isAlone = false;
        this.#wake(name, state);
      },
    };
  }

  #wake(name: string, state: State): void {
    for (let next = state.waiting[0]; next !== undefined && canGrant(state, next.mode); next = state.waiting[0]) {
      state.waiting.shift();
      next.grant();
    }
    if (state.waiting.length === 0 && state.shared === 0 && !state.isAlone) this.#states.delete(name);
  }
}

function canGrant(state: State, mode: LockMode): boolean {
  return !state.isAlone && (mode === "shared" || state.shared === 0);
}
