// Blobs that are pulled again and again, from copies near by. That the repository has the blob is looked up as always;
// only its bytes come from the copy, which has the digest that they must have.
import type { Content } from "../lib/content.ts";
import { type Digest, digestAlgorithm, digestHex } from "../oci/digest.ts";
import { startHash } from "../oci/hash.ts";
import type { Registry } from "./registry.ts";
import type { Blobs } from "./repository.ts";

/** Content, and how to tell a copy of it from anything else. */
export interface HotContent {
  readonly name: string;
  readonly content: Content;
  readonly startCheck: () => { update(bytes: Uint8Array): void; isRight(): boolean };
}

/** Keeps copies of contents that are read. */
export interface ContentKeeper {
  /** The copy; else the content itself, of which a copy is made while it is read. */
  read(hot: HotContent): Promise<Content>;
}

/** The same registry, whose blobs are read through copies. */
export function withHotBlobs(registry: Registry, keeper: ContentKeeper): Registry {
  return {
    list: (request) => registry.list(request),
    checkReady: () => registry.checkReady(),
    repository: (name, actor) => {
      const repository = registry.repository(name, actor);
      return { ...repository, blobs: withCopies(repository.blobs, keeper) };
    },
  };
}

function withCopies(blobs: Blobs, keeper: ContentKeeper): Blobs {
  return {
    ...blobs,
    open: async (digest) => {
      const found = await blobs.open(digest);
      if (!("content" in found)) return found;
      const { content } = found;
      const startCheck = () => checkOf(digest);
      return { ...found, content: await keeper.read({ name: digestHex(digest), content, startCheck }) };
    },
  };
}

function checkOf(digest: Digest) {
  const hash = startHash(digestAlgorithm(digest));
  return { update: (bytes: Uint8Array) => hash.update(bytes), isRight: () => hash.digest() === digest };
}
