// The servers of one directory as clients see them: each request goes to any of those that live.
import type { StartedRegistry } from "../../e2e/executable.ts";
import type { Chance } from "./chance.ts";

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The server died before it had answered. */
export class Down extends Error {}
/** A server that lives broke its answer off. */
export class BrokenOff extends Error {}

/** How long a dying process may take until it is gone. */
const dyingMs = 3000;

/** The servers; who finds one dead does not ask it again. */
export class Fleet {
  readonly #servers: StartedRegistry[];

  constructor(servers: readonly StartedRegistry[]) {
    this.#servers = [...servers];
  }

  get isDown(): boolean {
    return this.#servers.length === 0;
  }

  async ask(chance: Chance, path: string, init?: RequestInit): Promise<Answer> {
    if (this.isDown) throw new Down("no server lives");
    const server = chance.pick(this.#servers);
    try {
      const response = await server.fetch(path, init);
      return {
        status: response.status,
        headers: response.headers,
        bytes: new Uint8Array(await response.arrayBuffer()),
      };
    } catch (error) {
      if (!(await isDying(server.pid))) throw new BrokenOff(`${init?.method ?? "GET"} ${path}: ${String(error)}`);
      if (this.#servers.includes(server)) this.#servers.splice(this.#servers.indexOf(server), 1);
      throw new Down(String(error));
    }
  }
}

async function isDying(pid: number): Promise<boolean> {
  for (const endMs = performance.now() + dyingMs; performance.now() < endMs; await Bun.sleep(5)) {
    if (!isAlive(pid)) return true;
  }
  return false;
}

/** Whether there is such a process. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
