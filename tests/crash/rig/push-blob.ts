// Blobs going up: in one request, in two, in chunks, by a mount, or not at all where the registry says it has them.
import { withDigest } from "../../e2e/image.ts";
import type { Chance } from "./chance.ts";
import type { Content } from "./contents.ts";
import { type Desk, Refused } from "./desk.ts";
import { Down } from "./fleet.ts";
import type { Effect } from "./knowledge.ts";

/** An upload that was broken off by the death of the server. */
export interface OpenSession {
  readonly name: string;
  readonly location: string;
  readonly content: Content;
  /** How many bytes were acknowledged. */
  readonly ackedBytes: number;
  /** Whether the request that ends it was sent. */
  readonly isEnding: boolean;
}

/** How far an upload is. */
interface Progress {
  location: string;
  ackedBytes: number;
  isEnding: boolean;
}

/** Pushes blobs for one client. */
export class BlobPusher {
  readonly #desk: Desk;
  readonly #chance: Chance;
  readonly #sessions: OpenSession[];

  constructor(desk: Desk, chance: Chance, sessions: OpenSession[]) {
    this.#desk = desk;
    this.#chance = chance;
    this.#sessions = sessions;
  }

  /** Makes sure that the repository has the blob; `sources` are repositories that may have it too. */
  async push(name: string, content: Content, sources: readonly string[]): Promise<void> {
    const sentMs = performance.now();
    if (this.#chance.happens(0.5) && (await this.#isThere(name, content, sentMs))) return;
    const way = this.#chance.weigh({ mount: 3, post: 3, put: 2, chunks: 2 });
    if (way === "mount") await this.#mount(name, content, this.#chance.pick(sources));
    else if (way === "post") {
      const path = withDigest(`/v2/${name}/blobs/uploads/`, content.digest);
      const init = { method: "POST", body: content.bytes };
      await this.#desk.change({ path, init, effects: effectsOf(name, content), wanted: 201 });
    } else await this.#upload(name, content, way === "put" ? 1 : this.#chance.between(2, 4));
    this.#desk.promise(`${name}@${content.digest}`, sentMs);
  }

  /** A HEAD that waited for the lock for longer than a second promises nothing. */
  async #isThere(name: string, { digest }: Content, sentMs: number): Promise<boolean> {
    const { status } = await this.#desk.ask(`/v2/${name}/blobs/${digest}`, { method: "HEAD" });
    this.#desk.count(`HEAD ${status}`);
    if (status !== 200 && status !== 404 && !this.#desk.isExcused(status)) {
      this.#desk.report(`HEAD of ${name}@${digest}: ${status}`);
    }
    if (status === 200 && performance.now() - sentMs < 900) this.#desk.promise(`${name}@${digest}`, sentMs);
    return status === 200;
  }

  async #mount(name: string, content: Content, from: string): Promise<void> {
    const path = `/v2/${name}/blobs/uploads/?mount=${content.digest}&from=${from}`;
    const change = { path, init: { method: "POST" }, effects: effectsOf(name, content), wanted: 201 };
    try {
      await this.#desk.change({ ...change, refusal: { status: 202 } });
    } catch (error) {
      const answer = error instanceof Refused ? error.answer : undefined;
      if (answer?.status !== 202) throw error;
      await this.#send(name, content, { location: locationOf(answer), parts: 1 });
    }
  }

  async #upload(name: string, content: Content, parts: number): Promise<void> {
    await this.#send(name, content, { location: await this.#begin(name), parts });
  }

  async #begin(name: string): Promise<string> {
    const answer = await this.#desk.ask(`/v2/${name}/blobs/uploads/`, { method: "POST" });
    if (answer.status === 202) return locationOf(answer);
    if (!this.#desk.isExcused(answer.status)) this.#desk.report(`no session in ${name}: ${answer.status}`);
    throw new Refused(`no session: ${answer.status}`);
  }

  /** Sends all but the last part by PATCH, the last one by PUT. Remembers the session when the server dies. */
  async #send(
    name: string,
    content: Content,
    { location, parts }: { readonly location: string; readonly parts: number },
  ): Promise<void> {
    const progress: Progress = { location, ackedBytes: 0, isEnding: false };
    const partBytes = Math.ceil(content.bytes.length / parts);
    try {
      for (let part = 1; part < parts && progress.ackedBytes + partBytes < content.bytes.length; part += 1) {
        await this.#patch(content, progress, partBytes);
      }
      await this.#end(name, content, progress);
    } catch (error) {
      if (error instanceof Down) this.#sessions.push({ name, content, ...progress });
      throw error;
    }
  }

  async #patch({ bytes }: Content, progress: Progress, partBytes: number): Promise<void> {
    const start = progress.ackedBytes;
    const body = bytes.slice(start, start + partBytes);
    const headers = { "Content-Range": `${start}-${start + body.length - 1}` };
    const answer = await this.#desk.ask(progress.location, { method: "PATCH", headers, body });
    this.#desk.count(`PATCH ${answer.status}`);
    if (answer.status !== 202) {
      if (!this.#desk.isExcused(answer.status)) this.#desk.report(`PATCH of ${progress.location}: ${answer.status}`);
      throw new Refused(`PATCH: ${answer.status}`);
    }
    progress.location = locationOf(answer);
    progress.ackedBytes += body.length;
  }

  async #end(name: string, content: Content, progress: Progress): Promise<void> {
    progress.isEnding = true;
    await this.#desk.change({
      path: withDigest(progress.location, content.digest),
      init: { method: "PUT", body: content.bytes.slice(progress.ackedBytes) },
      effects: effectsOf(name, content),
      wanted: 201,
    });
  }

  /** Goes on with an upload that the death of a server broke off. */
  async resume(): Promise<void> {
    const session = this.#sessions.shift();
    if (session === undefined) return;
    const { name, location, content, ackedBytes, isEnding } = session;
    const answer = await this.#desk.ask(location);
    if (answer.status === 404) {
      if (!isEnding)
        this.#desk.report(`the session ${location} is gone, of which ${ackedBytes} bytes were acknowledged`);
      return;
    }
    const arrivedBytes = parseArrived(answer.headers.get("range"));
    if (arrivedBytes === undefined) return;
    if (answer.status !== 204 || arrivedBytes < ackedBytes || arrivedBytes > content.bytes.length) {
      if (!this.#desk.isExcused(answer.status)) {
        this.#desk.report(`${location}: ${answer.status}, ${arrivedBytes} bytes after ${ackedBytes} acknowledged`);
      }
      return;
    }
    await this.#end(name, content, { location, ackedBytes: arrivedBytes, isEnding: true });
    this.#desk.count("resumed");
  }
}

function effectsOf(name: string, { digest }: Content): readonly Effect[] {
  return [{ what: "blob", place: `${name}@${digest}`, value: true }];
}

function locationOf({ headers }: { readonly headers: Headers }): string {
  return headers.get("location") ?? "";
}

/** Undefined for "0-0", which is said of no byte and of one. */
function parseArrived(range: string | null): number | undefined {
  const end = Number(/^0-(\d+)$/.exec(range ?? "")?.[1] ?? Number.NaN);
  return end === 0 ? undefined : end + 1;
}
