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

/** What is owed to nobody, whoever pushed it. */
export interface PromiseRules {
  /** How long a manifest stays that no tag leads to; undefined: for ever. */
  readonly untaggedMs?: number | undefined;
}

/** A manifest that was promised. */
interface PromisedManifest {
  /** Every key that has to be there. */
  readonly keys: readonly string[];
  /** Until then without a tag as well, by the store's clock. */
  readonly untilMs: number;
}

/** The promises of one bucket. */
export class Promises {
  readonly #engine: Pick<Engine, "objects" | "text" | "nowMs">;
  readonly #untaggedMs: number;
  /** By repository and manifest. */
  readonly #manifests = new Map<string, PromisedManifest>();
  readonly #tags = new Map<string, { readonly name: RepositoryName; readonly tag: Tag }>();
  /** How often each thing was taken away: a push that such a moment falls into promises nothing. */
  readonly #removals = new Map<string, number>();
  readonly #pushing = new Set<{ readonly name: RepositoryName } & Pushed>();
  readonly #removing = new Set<string>();
  /** How much was promised so far. */
  count = 0;

  constructor(
    engine: Pick<Engine, "objects" | "text" | "nowMs">,
    { untaggedMs = Number.POSITIVE_INFINITY }: PromiseRules = {},
  ) {
    this.#engine = engine;
    this.#untaggedMs = untaggedMs;
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
    const untilMs = this.#engine.nowMs + this.#untaggedMs;
    const isUntouched = () =>
      keys.every((key, index) => !this.#removing.has(key) && (this.#removals.get(key) ?? 0) === before[index]);
    return {
      promise: ({ blobs }) => {
        if (!isUntouched()) return;
        const links = blobs.flatMap((blob) => [layerLink(name, blob), blobKey(blob)]);
        const promised = [revisionLink(name, manifest), blobKey(manifest), ...links];
        this.#manifests.set(manifestOf(name, manifest), { keys: promised, untilMs });
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
    const ledTo = new Set([...this.#tags.values()].map(({ name, tag }) => manifestOf(name, this.#target(name, tag))));
    for (const [manifest, { keys, untilMs }] of this.#manifests) {
      if (untilMs < this.#engine.nowMs && !ledTo.has(manifest)) continue;
      const lost = keys.find((key) => !isThere(key));
      if (lost !== undefined) return `${manifest} was promised, and ${lost} is gone`;
    }
    for (const [key, { name, tag }] of this.#tags) {
      const digest = this.#target(name, tag);
      if (digest === "") return `the tag ${key} was promised, and is gone`;
      if (!isThere(revisionLink(name, digest)))
        return `the tag ${key} was promised, and leads to ${digest}, which is gone`;
    }
    return undefined;
  }

  /** Empty if the tag is gone. */
  #target(name: RepositoryName, tag: Tag): Digest {
    return (this.#engine.text(tagCurrentLink(name, tag)) ?? "") as Digest;
  }
}

function manifestOf(name: RepositoryName, digest: Digest): string {
  return `${name}@${digest}`;
}

function tagOf(name: RepositoryName, tag: Tag): string {
  return `${name}:${tag}`;
}
