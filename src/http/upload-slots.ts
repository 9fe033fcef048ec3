// How many bodies of uploads are received at once: each of them holds files open and memory for what is being written.
import { RegistryError } from "../oci/errors.ts";

const retryAfterSeconds = 5;

/** The slots of one process. */
export class UploadSlots {
  readonly #most: number;
  #takenCount = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** A slot until it is disposed of; refuses with UNAVAILABLE if there is none. */
  take(): Disposable {
    if (this.#takenCount >= this.#most) {
      throw new RegistryError("UNAVAILABLE", {
        message: "too many uploads at once; try again",
        retryAfterSeconds,
        // Or Bun would read the body to its end.
        headers: { Connection: "close" },
        cause: new Error(`http.limits.uploads is ${this.#most}`),
      });
    }
    this.#takenCount += 1;
    let isTaken = true;
    return {
      [Symbol.dispose]: () => {
        if (isTaken) this.#takenCount -= 1;
        isTaken = false;
      },
    };
  }
}
