// Files of users as Apache's htpasswd writes them: `name:hash` on each line, bcrypt only.
import { createHmac, randomBytes } from "node:crypto";
import { BoundedMap } from "../lib/bounded-map.ts";
import { Slots } from "../lib/slots.ts";
import type { Credentials } from "./credentials.ts";
import { anonymousName } from "./identity.ts";

/** The users of a file and their hashes. */
export type PasswordHashes = ReadonlyMap<string, string>;

/** bcrypt ignores what comes after it, and htpasswd cuts there. Bun would hash a longer password first. */
const maxPasswordBytes = 72;
/** How many hashes are computed at once: guesses must not take the whole machine. */
const maxParallel = 2;
/** How many wait their turn. */
const maxWaiting = 64;
const rememberedMs = 60_000;
const maxRemembered = 1000;
const bcryptForm = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/** Reads a file; throws a SyntaxError that names the line. Blank lines and comments are skipped. */
export function parseHtpasswd(text: string): PasswordHashes {
  const hashes = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const hash = line.slice(colon + 1).trim();
    if (colon < 1) throw new SyntaxError(`line ${index + 1} is not of the form user:hash`);
    if (line.startsWith(`${anonymousName}:`)) {
      throw new SyntaxError(
        `line ${index + 1}: callers without credentials are ${anonymousName}; give the user another name`,
      );
    }
    if (!bcryptForm.test(hash)) {
      throw new SyntaxError(`line ${index + 1} does not hold a bcrypt hash; make it with \`htpasswd -B\``);
    }
    hashes.set(line.slice(0, colon), hash);
  }
  return hashes;
}

/** A hash for a file. */
export async function hashPassword(password: string): Promise<string> {
  return await Bun.password.hash(cut(password), { algorithm: "bcrypt", cost: 10 });
}

/** Checks passwords against hashes. */
export class PasswordChecker {
  /** Keyed with a secret of this process, so that what is remembered gives no password away. */
  readonly #key = randomBytes(32);
  readonly #remembered = new BoundedMap<string, number>(maxRemembered);
  readonly #dummies = new Map<number, Promise<string>>();
  readonly #now: () => number;
  readonly #slots = new Slots(maxParallel, maxWaiting);

  constructor({ now }: { readonly now: () => number }) {
    this.#now = now;
  }

  /**
   * Whether it is the user's password: undefined if too many wait for an answer already. An unknown user costs as much
   * time as a wrong password. A right password is remembered for a minute, as long as the hash stays the same; of any other
   * one `beforeHashing` hears first, which may throw a refusal.
   */
  async check(
    hashes: PasswordHashes,
    { username: user, password }: Credentials,
    beforeHashing?: () => void,
  ): Promise<boolean | undefined> {
    const hash = hashes.get(user);
    const seal = createHmac("sha256", this.#key)
      .update(JSON.stringify([user, hash ?? "", password]))
      .digest("base64");
    if (hash !== undefined && (this.#remembered.get(seal) ?? 0) > this.#now()) return true;
    beforeHashing?.();
    if (this.#slots.isFull) return undefined;
    using _slot = await this.#slots.take();
    const isRight = await Bun.password.verify(cut(password), hash ?? (await this.#dummy(costOf(hashes))));
    if (isRight && hash !== undefined) this.#remembered.set(seal, this.#now() + rememberedMs);
    return isRight && hash !== undefined;
  }

  /** A hash that no password has. */
  #dummy(cost: number): Promise<string> {
    const password = randomBytes(32).toString("hex");
    const dummy = this.#dummies.get(cost) ?? Bun.password.hash(password, { algorithm: "bcrypt", cost });
    this.#dummies.set(cost, dummy);
    return dummy;
  }
}

/** The highest cost in the file, so that an unknown user takes no less time than a known one. */
function costOf(hashes: PasswordHashes): number {
  const costs = [...hashes.values()].map((hash) => Number(bcryptForm.exec(hash)?.[1]));
  return costs.reduce((highest, cost) => Math.max(highest, cost), 4);
}

function cut(password: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(password).slice(0, maxPasswordBytes);
}
