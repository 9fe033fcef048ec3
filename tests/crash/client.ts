// A client that remembers what it asked for and what it was answered, and can do all of it again.
import { digestOf, withDigest } from "../e2e/image.ts";
import type { Content, Expectations, TagName } from "./expectations.ts";

/** A manifest as it is pushed. */
export interface PushedManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a client talks to: a registry of ours, or another one. */
export interface Served {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** False where it does not list them. */
  readonly hasReferrers?: boolean;
}

/** How a blob goes up: in one request, in two, or in chunks. */
export type Way = "post" | "put" | "chunks";

/** A registry answered something else than the test relies on. A broken connection is another error. */
export class WrongAnswer extends Error {}

/** One client of one registry. After a restart another one goes on with the same expectations. */
export class Client {
  readonly #registry: Served;
  readonly #seen: Expectations;

  constructor(registry: Served, seen: Expectations) {
    this.#registry = registry;
    this.#seen = seen;
  }

  async pushBlob(name: string, bytes: Uint8Array<ArrayBuffer>, way: Way = "post"): Promise<void> {
    const digest = digestOf(bytes);
    const place: Content = `${name}@${digest}` as Content;
    if (way === "post") {
      this.#seen.blobs.asked(place, true);
      await this.#ask(201, withDigest(`/v2/${name}/blobs/uploads/`, digest), { method: "POST", body: bytes });
    } else {
      const location = await this.beginUpload(name, bytes);
      const last = way === "put" ? bytes : await this.#pushChunks(location, bytes);
      await this.endUpload({ name, location, digest }, last);
    }
    this.#seen.blobs.answered(place, true);
  }

  /** Opens a session for these bytes; its location. */
  async beginUpload(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const response = await this.#ask(202, `/v2/${name}/blobs/uploads/`, { method: "POST" });
    const location = response.headers.get("location") ?? "";
    this.#seen.began({ name, location, bytes, isEnding: false });
    return location;
  }

  async #pushChunks(location: string, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const third = Math.ceil(bytes.length / 3);
    for (const start of [0, third]) {
      await this.#ask(202, location, {
        method: "PATCH",
        headers: { "Content-Range": `${start}-${start + third - 1}` },
        body: bytes.slice(start, start + third),
      });
    }
    return bytes.slice(2 * third);
  }

  /** Sends the last bytes of a session and its digest. */
  async endUpload(
    { name, location, digest }: { readonly name: string; readonly location: string; readonly digest: string },
    last: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    this.#seen.ending(location);
    this.#seen.blobs.asked(`${name}@${digest}` as Content, true);
    await this.#ask(201, withDigest(location, digest), { method: "PUT", body: last });
    this.#seen.blobs.answered(`${name}@${digest}` as Content, true);
    this.#seen.ended(location);
  }

  async cancelUpload(location: string): Promise<void> {
    this.#seen.ending(location);
    await this.#ask(204, location, { method: "DELETE" });
    this.#seen.ended(location);
  }

  async mountBlob(name: string, from: string, digest: string): Promise<void> {
    this.#seen.blobs.asked(`${name}@${digest}` as Content, true);
    await this.#ask(201, `/v2/${name}/blobs/uploads/?mount=${digest}&from=${from}`, { method: "POST" });
    this.#seen.blobs.answered(`${name}@${digest}` as Content, true);
  }

  /** Pushes a manifest by its tag, or by its digest where there is none. */
  async pushManifest(name: string, manifest: PushedManifest, tag?: string): Promise<void> {
    const place = `${name}@${manifest.digest}` as Content;
    this.#seen.manifests.asked(place, true);
    const tagName: TagName | undefined = tag === undefined ? undefined : `${name}:${tag}`;
    if (tagName !== undefined) this.#seen.tags.asked(tagName, manifest.digest);
    await this.#ask(201, `/v2/${name}/manifests/${tag ?? manifest.digest}`, {
      method: "PUT",
      headers: { "Content-Type": manifest.mediaType },
      body: manifest.bytes,
    });
    this.#seen.manifests.answered(place, true);
    if (tagName !== undefined) this.#seen.tags.answered(tagName, manifest.digest);
  }

  async deleteTag(name: string, tag: string): Promise<void> {
    this.#seen.tags.asked(`${name}:${tag}`, undefined);
    await this.#ask(202, `/v2/${name}/manifests/${tag}`, { method: "DELETE" });
    this.#seen.tags.answered(`${name}:${tag}`, undefined);
  }

  async deleteManifest(name: string, digest: string): Promise<void> {
    const place = `${name}@${digest}` as Content;
    const tags = this.#seen.tags.names.filter(
      (tag) => tag.startsWith(`${name}:`) && this.#seen.tags.of(tag).has(digest),
    );
    this.#seen.manifests.asked(place, false);
    for (const tag of tags) this.#seen.tags.asked(tag, undefined);
    await this.#ask(202, `/v2/${name}/manifests/${digest}`, { method: "DELETE" });
    this.#seen.manifests.answered(place, false);
    for (const tag of tags) this.#seen.tags.answered(tag, undefined);
  }

  async deleteBlob(name: string, digest: string): Promise<void> {
    this.#seen.blobs.asked(`${name}@${digest}` as Content, false);
    await this.#ask(202, `/v2/${name}/blobs/${digest}`, { method: "DELETE" });
    this.#seen.blobs.answered(`${name}@${digest}` as Content, false);
  }

  async #ask(status: number, path: string, init: RequestInit): Promise<Response> {
    const response = await this.#registry.fetch(path, init);
    const body = await response.text();
    if (response.status === status) return response;
    throw new WrongAnswer(`${init.method} ${path}: ${response.status} instead of ${status}\n${body}`);
  }
}
