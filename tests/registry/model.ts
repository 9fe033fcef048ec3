// The registry as a value: what each call does to what is stored, and what it answers. Small names for a small world,
// so that random programs meet.
import { digestOf, imageOf, indexType, utf8 } from "../http/memory-registry.ts";

export const repositories = ["a", "a/b", "a-b"] as const;
export const tags = ["t", "u"] as const;
export const texts = ["", "x", "yy"] as const;

/** A manifest of this world. */
export interface Known {
  readonly text: string;
  readonly digest: string;
  readonly blobs: readonly string[];
  readonly children: readonly string[];
  readonly subject: string | undefined;
}

function known(text: string, parts: Partial<Known>): Known {
  return { text, digest: digestOf(text), blobs: [], children: [], subject: undefined, ...parts };
}

const [empty, one, two] = texts.map((text) => digestOf(text)) as [string, string, string];
const plain = known(imageOf("x"), { blobs: [one] });
const layered = known(
  imageOf("yy", { layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: empty, size: 0 }] }),
  { blobs: [two, empty] },
);
const describe = ({ digest, text }: Known) => ({ mediaType: plainType, digest, size: utf8(text).length });
const plainType = "application/vnd.oci.image.manifest.v1+json";
const referring = known(imageOf("x", { subject: describe(plain) }), { blobs: [one], subject: plain.digest });
const index = known(
  JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [describe(plain), describe(referring)] }),
  { children: [plain.digest, referring.digest] },
);

/** Two images, one that names the first as its subject, and an index. */
export const manifests: readonly Known[] = [plain, layered, referring, index];

/** A call of the API. Numbers choose from the lists above; `session` counts the sessions from the first one on. */
export type Call =
  | { readonly kind: "postBlob"; readonly repository: string; readonly text: string }
  | { readonly kind: "mount"; readonly repository: string; readonly text: string; readonly from: string | undefined }
  | { readonly kind: "start"; readonly repository: string }
  | { readonly kind: "patch"; readonly session: number; readonly text: string; readonly at: number | undefined }
  | { readonly kind: "commit"; readonly session: number; readonly text: string; readonly digest: string }
  | { readonly kind: "cancel" | "status"; readonly session: number }
  | { readonly kind: "getBlob" | "headBlob" | "deleteBlob"; readonly repository: string; readonly digest: string }
  | { readonly kind: "put"; readonly repository: string; readonly manifest: Known; readonly tag: string | undefined }
  | { readonly kind: "get" | "head"; readonly repository: string; readonly reference: string }
  | { readonly kind: "delete"; readonly repository: string; readonly reference: string }
  | { readonly kind: "tags"; readonly repository: string; readonly n: number; readonly last: string }
  | { readonly kind: "catalog"; readonly n: number; readonly last: string }
  | { readonly kind: "referrers"; readonly repository: string; readonly subject: string };

/** What is told apart of an answer: its status, and what it says. */
export type Answer = readonly [status: number, says?: unknown];

interface Repository {
  readonly blobs: Set<string>;
  readonly manifests: Set<string>;
  readonly tags: Map<string, string>;
}

interface Session {
  readonly repository: string;
  text: string;
  isOpen: boolean;
}

/** What is stored. */
export class Model {
  readonly #repositories = new Map<string, Repository>(
    repositories.map((name) => [name, { blobs: new Set(), manifests: new Set(), tags: new Map() }]),
  );
  /** Nothing is collected here, so bytes stay. */
  readonly #bytes = new Set<string>();
  readonly #sessions: Session[] = [];

  #of(name: string): Repository {
    const repository = this.#repositories.get(name);
    if (repository === undefined) throw new TypeError(name);
    return repository;
  }

  /** Carries the call out. */
  apply(call: Call): Answer {
    switch (call.kind) {
      case "postBlob":
        return this.#store(call.repository, digestOf(call.text));
      case "mount":
        return this.#mount(call);
      case "start":
        this.#sessions.push({ repository: call.repository, text: "", isOpen: true });
        return [202, "0-0"];
      case "patch":
      case "commit":
      case "cancel":
      case "status":
        return this.#use(call);
      case "getBlob":
      case "headBlob":
      case "deleteBlob":
        return this.#blob(call);
      case "put":
        return this.#put(call);
      case "get":
      case "head":
        return this.#get(call);
      case "delete":
        return this.#delete(call);
      case "tags":
        return this.#tags(call);
      case "catalog":
        return this.#catalog(call);
      case "referrers":
        return this.#referrers(call);
    }
  }

  #store(name: string, digest: string): Answer {
    this.#bytes.add(digest);
    this.#of(name).blobs.add(digest);
    return [201, digest];
  }

  #mount({ repository, text, from }: Call & { readonly kind: "mount" }): Answer {
    const digest = digestOf(text);
    const isThere = from === undefined ? this.#bytes.has(digest) : this.#of(from).blobs.has(digest);
    return isThere ? this.#store(repository, digest) : this.apply({ kind: "start", repository });
  }

  #use(call: Call & { readonly session: number }): Answer {
    // One that nobody began cannot be told from one that is over.
    const session = this.#sessions[call.session] ?? { repository: "a", text: "", isOpen: false };
    if (call.kind === "commit") return this.#commit(session, call);
    if (!session.isOpen) return [404, "BLOB_UPLOAD_UNKNOWN"];
    if (call.kind === "cancel") session.isOpen = false;
    if (call.kind === "cancel") return [204, null];
    if (call.kind === "patch") {
      if (call.at !== undefined && call.at !== session.text.length) return [416, rangeOf(session.text)];
      session.text += call.text;
    }
    return [call.kind === "patch" ? 202 : 204, rangeOf(session.text)];
  }

  #commit(session: Session, { text, digest }: Call & { readonly kind: "commit" }): Answer {
    if (!session.isOpen) {
      // The answer may have been lost: it is given again while the blob is there.
      const isThere = this.#of(session.repository).blobs.has(digest);
      return isThere ? [201, digest] : [404, "BLOB_UPLOAD_UNKNOWN"];
    }
    session.isOpen = false;
    if (digestOf(session.text + text) !== digest) return [400, "DIGEST_INVALID"];
    return this.#store(session.repository, digest);
  }

  #blob({ kind, repository, digest }: Call & { readonly kind: "getBlob" | "headBlob" | "deleteBlob" }): Answer {
    const { blobs } = this.#of(repository);
    if (!blobs.has(digest)) return [404, "BLOB_UNKNOWN"];
    if (kind === "deleteBlob") blobs.delete(digest);
    if (kind === "deleteBlob") return [202, ""];
    return [200, kind === "headBlob" ? "" : texts.find((text) => digestOf(text) === digest)];
  }

  #put({ repository, manifest, tag }: Call & { readonly kind: "put" }): Answer {
    const { blobs, manifests: stored, tags: pointing } = this.#of(repository);
    const isComplete = manifest.blobs.every((digest) => blobs.has(digest));
    if (!isComplete || !manifest.children.every((digest) => stored.has(digest))) return [404, "MANIFEST_BLOB_UNKNOWN"];
    stored.add(manifest.digest);
    if (tag !== undefined) pointing.set(tag, manifest.digest);
    return [201, manifest.digest];
  }

  #find(repository: string, reference: string): string | undefined {
    const { manifests: stored, tags: pointing } = this.#of(repository);
    const digest = pointing.get(reference) ?? reference;
    return stored.has(digest) ? digest : undefined;
  }

  #get({ kind, repository, reference }: Call & { readonly kind: "get" | "head" }): Answer {
    const digest = this.#find(repository, reference);
    if (digest === undefined) return [404, "MANIFEST_UNKNOWN"];
    return [200, kind === "head" ? "" : manifests.find((manifest) => manifest.digest === digest)?.text];
  }

  #delete({ repository, reference }: Call & { readonly kind: "delete" }): Answer {
    const { manifests: stored, tags: pointing } = this.#of(repository);
    if (this.#find(repository, reference) === undefined) return [404, "MANIFEST_UNKNOWN"];
    if (pointing.delete(reference)) return [202, ""];
    stored.delete(reference);
    for (const [tag, digest] of pointing) if (digest === reference) pointing.delete(tag);
    return [202, ""];
  }

  #tags({ repository, n, last }: Call & { readonly kind: "tags" }): Answer {
    const { manifests: stored, tags: pointing } = this.#of(repository);
    if (stored.size === 0) return [404, "NAME_UNKNOWN"];
    return [200, page([...pointing.keys()].sort(), (tag) => tag > last, n)];
  }

  #catalog({ n, last }: Call & { readonly kind: "catalog" }): Answer {
    const names = [...this.#repositories].filter(([, { manifests: stored }]) => stored.size > 0).map(([name]) => name);
    return [200, page(names.sort(inOrder), (name) => last === "" || inOrder(name, last) > 0, n)];
  }

  #referrers({ repository, subject }: Call & { readonly kind: "referrers" }): Answer {
    const { manifests: stored } = this.#of(repository);
    const found = manifests.filter((manifest) => manifest.subject === subject && stored.has(manifest.digest));
    return [200, found.map(({ digest }) => digest).sort()];
  }
}

function page(names: readonly string[], isWanted: (name: string) => boolean, n: number): unknown {
  const rest = names.filter(isWanted);
  return { names: rest.slice(0, n), hasMore: rest.length > n };
}

/** Component by component. */
function inOrder(left: string, right: string): number {
  const [lefts, rights] = [left.split("/"), right.split("/")];
  for (const [position, component] of lefts.entries()) {
    const other = rights[position];
    if (other === undefined) return 1;
    if (component !== other) return component < other ? -1 : 1;
  }
  return lefts.length - rights.length;
}

function rangeOf(text: string): string {
  return `0-${Math.max(0, text.length - 1)}`;
}
