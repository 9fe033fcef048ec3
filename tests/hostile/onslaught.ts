// Thousands of bent requests, each on a connection of its own, and what came of them.
import net from "node:net";
import { Chance } from "../crash/rig/chance.ts";
import { bendRequest } from "./bend.ts";
import { lengthOf } from "./raw-request.ts";
import { recording, substitute, type Target } from "./recording.ts";

/** What came of one request. */
interface Outcome {
  /** The statuses that came back; none where the connection was closed without one. */
  readonly statuses: readonly number[];
  readonly isHanging: boolean;
}

/** What came of all of them. */
export interface Tally {
  readonly sent: number;
  /** By status; "closed" where there was no answer. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Those that should not be: what to repeat, and what came of it. */
  readonly faults: readonly string[];
}

/** What is sent where. */
export interface Onslaught {
  readonly seed: string;
  readonly first: number;
  readonly count: number;
  readonly target: Target;
}

const parallel = 24;
/** For how long a request that lacks something is waited with, before no more is sent. */
const patienceMs = 150;
/** By then everything is answered or closed, on the busiest machine. */
const boundMs = 60_000;

/** Unlike their number in the recording, each as likely as any other. */
const originals = [...new Set(recording.map(({ request }) => request))];

/** Sends them, some at once. */
export async function charge({ seed, first, count, target }: Onslaught): Promise<Tally> {
  const statuses: Record<string, number> = {};
  const faults: string[] = [];
  let next = first;
  const work = async () => {
    const sessions = new LiveSessions(target);
    for (let index = next++; index < first + count; index = next++) {
      const text = await compose(new Chance(`${seed}/${index}`), sessions, target);
      const outcome = await send(target.port, text);
      for (const status of outcome.statuses) statuses[status] = (statuses[status] ?? 0) + 1;
      if (outcome.statuses.length === 0) statuses.closed = (statuses.closed ?? 0) + 1;
      const fault = outcome.isHanging ? "neither answered nor closed" : outcome.statuses.find(isOurFault);
      if (fault !== undefined)
        faults.push(`${seed}, number ${index}: ${fault}: ${JSON.stringify(text).slice(0, 3000)}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return { sent: count, statuses, faults };
}

/** 505 tells a client that its version of HTTP is unknown, which is the client's doing. */
function isOurFault(status: number): boolean {
  return status >= 500 && status !== 505;
}

async function compose(chance: Chance, sessions: LiveSessions, target: Target): Promise<string> {
  const original = chance.pick(originals);
  // Where nobody asks for credentials, and often where somebody does, there are none.
  const isAnonymous = target.token === "" || chance.happens(0.2);
  const strip = (text: string) => (isAnonymous ? text.replace(/^authorization: .*\r\n/im, "") : text);
  const bent = bendRequest(strip(original), { chance, others: originals.map(strip) });
  if (!bent.includes("{")) return bent;
  const live = /\{session-\d+\}/.test(bent) ? await sessions.next(original) : "";
  return substitute(bent, { session: () => live, token: target.token, refresh: target.refresh });
}

/** Uploads that are open, one of each repository, so that requests meet some that others have bent already. */
class LiveSessions {
  readonly #target: Target;
  readonly #open = new Map<string, { readonly id: string; uses: number }>();

  constructor(target: Target) {
    this.#target = target;
  }

  async next(request: string): Promise<string> {
    const name = /\/v2\/(.+)\/blobs\/uploads\//.exec(request)?.[1] ?? "";
    const known = this.#open.get(name);
    if (known !== undefined && known.uses < 3) {
      known.uses += 1;
      return known.id;
    }
    const { port, token } = this.#target;
    const headers: Record<string, string> = token === "" ? {} : { Authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${port}/v2/${name}/blobs/uploads/`, { method: "POST", headers });
    const id = response.headers.get("docker-upload-uuid") ?? crypto.randomUUID();
    this.#open.set(name, { id, uses: 1 });
    return id;
  }
}

/** Sends the text and waits for as many answers as it has whole requests, or for the end of the connection. */
function send(port: number, text: string): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const isWhole = lengthOf(text) !== undefined;
  let received = "";
  let patience: Timer | undefined;
  const socket = net.connect({ host: "127.0.0.1", port });
  const finish = (isHanging: boolean) => {
    clearTimeout(bound);
    clearTimeout(patience);
    socket.destroy();
    const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    resolve({ statuses: statuses.filter((status) => status !== 100), isHanging });
  };
  const bound = setTimeout(() => finish(true), boundMs);
  socket.on("connect", () => {
    socket.write(text, "latin1");
    // A request that lacks its end is waited for, as it should be; the sender gives up, and so must the receiver.
    if (!isWhole) patience = setTimeout(() => socket.end(), patienceMs);
  });
  socket.on("data", (data) => {
    received += data.toString("latin1");
    if (/HTTP\/1\.1 [2-5]\d\d [\s\S]*\r\n\r\n/.test(received)) finish(false);
  });
  socket.on("error", () => undefined);
  socket.on("close", () => finish(false));
  return promise;
}
