// What users were told, and whether it still holds: of a pushed manifest everything that it names is there, and a tag leads
// to a manifest. What somebody takes away on purpose is owed to nobody, from the moment on that he asks for it.
import type { Digest } from "../../../src/oci/digest.ts";
import type { RepositoryName } from "../../../src/oci/name.ts";
import type { Tag } from "../../../src/oci/reference.ts";
import { blobKey, layerLink, revisionLink, tagCurrentLink } from "../../../src/registry/layout.ts";
import type { Engine } from "../../storage/s3/engine.ts";

/** What is pushed. */
interface Pushed {
  readonly manifest: Digest;
  readonly tag: Tag | undefined;
}

/** A push or a deletion that is under way. */
interface Underway {
  end(): void;
}

/** A push whose answer is to come. */
interface PushUnderway extends Underway {
  /** It was answered: it is there. */
  promise(what: { readonly blobs: readonly Digest[] }): void;
}

/** The promises of one bucket. */
export class Promises {
  readonly #engine: Pick<Engine, "objects" | "text">;
  /** By repository and manifest: every key that has to be there. */
  readonly #manifests = new Map<string, readonly string[]>();
  readonly #tags = new Map<string, { readonly name: RepositoryName; readonly tag: Tag }>();
  /** How often each thing was taken away: a push that such a moment falls into promises nothing. */
  readonly #removals = new Map<string, number>();
  readonly #pushing = new Set<{ readonly name: RepositoryName } & Pushed>();
  readonly #removing = new Set<string>();
  /** How much was promised so far. */
  count = 0;

  constructor(engine: Pick<Engine, "objects" | "text">) {
    this.#engine = engine;
  }

  /** A push begins. */
  begin(name: RepositoryName, pushed: Pushed): PushUnderway {
    const { manifest, tag } = pushed;
    const keys = [manifestOf(name, manifest), ...(tag === undefined ? [] : [tagOf(name, tag)])];
    const push = { name, ...pushed };
    this.#pushing.add(push);
    // A tag that is moved to a manifest goes with it.
    if (tag !== undefined && this.#removing.has(manifestOf(name, manifest))) this.#forget(tagOf(name, tag));
    const before = keys.map((key) => this.#removals.get(key) ?? 0);
    const isUntouched = () =>
      keys.every((key, index) => !this.#removing.has(key) && (this.#removals.get(key) ?? 0) === before[index]);
    return {
      promise: ({ blobs }) => {
        if (!isUntouched()) return;
        const links = blobs.flatMap((blob) => [layerLink(name, blob), blobKey(blob)]);
        this.#manifests.set(manifestOf(name, manifest), [revisionLink(name, manifest), blobKey(manifest), ...links]);
        if (tag !== undefined) this.#tags.set(tagOf(name, tag), { name, tag });
        this.count += 1;
      },
      end: () => void this.#pushing.delete(push),
    };
  }

  /** Somebody takes a tag away, or a manifest, with every tag that leads to it or is on its way there. */
  remove(name: RepositoryName, { manifest, tag }: { readonly manifest?: Digest; readonly tag?: Tag }): Underway {
    const keys = tag === undefined ? [] : [tagOf(name, tag)];
    if (manifest !== undefined) {
      keys.push(manifestOf(name, manifest));
      for (const [key, each] of this.#tags) {
        const isIts = each.name === name && this.#engine.text(tagCurrentLink(name, each.tag)) === manifest;
        if (isIts) keys.push(key);
      }
      for (const push of this.#pushing)
        if (push.name === name && push.manifest === manifest && push.tag !== undefined)
          keys.push(tagOf(name, push.tag));
    }
    for (const key of keys) this.#removing.add(key);
    const forget = () => {
      for (const key of keys) this.#forget(key);
    };
    forget();
    return {
      end: () => {
        forget();
        for (const key of keys) this.#removing.delete(key);
      },
    };
  }

  #forget(key: string): void {
    this.#manifests.delete(key);
    this.#tags.delete(key);
    this.#removals.set(key, (this.#removals.get(key) ?? 0) + 1);
  }

  /** A sentence about something promised that is not there; undefined while all is well. */
  broken(): string | undefined {
    const isThere = (key: string) => this.#engine.objects.get(key) !== undefined;
    for (const [manifest, keys] of this.#manifests) {
      const lost = keys.find((key) => !isThere(key));
      if (lost !== undefined) return `${manifest} was promised, and ${lost} is gone`;
    }
    for (const [key, { name, tag }] of this.#tags) {
      const digest = this.#engine.text(tagCurrentLink(name, tag)) ?? "";
      if (digest === "") return `the tag ${key} was promised, and is gone`;
      if (!isThere(revisionLink(name, digest as Digest)))
        return `the tag ${key} was promised, and leads to ${digest}, which is gone`;
    }
    return undefined;
  }
}

function manifestOf(name: RepositoryName, digest: Digest): string {
  return `${name}@${digest}`;
}

function tagOf(name: RepositoryName, tag: Tag): string {
  return `${name}:${tag}`;
}
