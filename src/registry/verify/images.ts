// Which images a person would miss: the tags that cannot be pulled whole, since bytes that they need are nowhere.
import type { Pace } from "../../lib/pacer.ts";
import { isStoredElsewhere } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Manifest, parseManifestInTurns } from "../../oci/manifest.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import { statBlob } from "../find-blob.ts";
import { blobKey, layerLink, repositoriesPrefix, tagsPrefix, upstreamKey } from "../layout.ts";
import { followLink } from "../links.ts";
import { isChildRequired, type ManifestRules } from "../manifest-rules.ts";
import { walkPrefixes } from "../repositories.ts";
import type { Store } from "../store.ts";
import { readTag } from "../tags.ts";
import { readWhole } from "../whole-bytes.ts";
import type { BrokenImage } from "./report.ts";

/** What the search goes by. */
export interface ImageSearch {
  readonly rules: ManifestRules;
  readonly pace: Pace;
}

/** An index may lead to indexes; what goes deeper than this is not looked at. */
const maxDepth = 5;

/**
 * The broken images of all repositories but cached ones, which fetch again what is missing. What cannot be listed is left
 * out: it is a finding of its own.
 */
export async function* findBrokenImages(store: Store, search: ImageSearch): AsyncGenerator<BrokenImage> {
  for await (const prefix of walkPrefixes(store, repositoriesPrefix, () => undefined)) {
    const name = parseRepositoryName(prefix.slice(repositoriesPrefix.length + 1));
    if (name === undefined || (await store.objects.stat(upstreamKey(name))) !== undefined) continue;
    const images = new Images(store, name, search);
    for (const text of await store.objects.list(tagsPrefix(name)).catch(() => [])) {
      await search.pace();
      const tag = parseTag(text);
      const reason = tag === undefined ? undefined : await images.whyBroken(tag).catch(() => "it cannot be read");
      if (reason !== undefined) yield { kind: "broken", image: `${name}:${tag}`, reason };
    }
  }
}

/** The images of one repository; what many tags lead to is looked at once. */
class Images {
  readonly #store: Store;
  readonly #name: RepositoryName;
  readonly #search: ImageSearch;
  readonly #known = new Map<Digest, string | undefined>();

  constructor(store: Store, name: RepositoryName, search: ImageSearch) {
    this.#store = store;
    this.#name = name;
    this.#search = search;
  }

  /** A sentence about what is missing; undefined if it is whole. */
  async whyBroken(tag: Tag): Promise<string | undefined> {
    const digest = await readTag(this.#store, this.#name, tag);
    return digest === undefined ? undefined : await this.#whatIsMissing(digest);
  }

  async #whatIsMissing(digest: Digest, depth = 0): Promise<string | undefined> {
    if (depth > maxDepth) return undefined;
    if (!this.#known.has(digest)) this.#known.set(digest, await this.#look(digest, depth));
    return this.#known.get(digest);
  }

  async #look(digest: Digest, depth: number): Promise<string | undefined> {
    const bytes = await readWhole(this.#store, digest);
    if (bytes === undefined) return "its manifest is missing";
    const parsed = await parseManifestInTurns(bytes, undefined);
    if ("problem" in parsed) return undefined;
    return (await this.#missingBlob(parsed.manifest)) ?? (await this.#missingChild(parsed.manifest, depth));
  }

  async #missingBlob({ blobs }: Manifest): Promise<string | undefined> {
    for (const [index, blob] of blobs.entries()) {
      await this.#search.pace();
      if (isStoredElsewhere(blob) || (await this.#isThere(blob.digest))) continue;
      return index === 0 ? "its configuration is missing" : "a layer is missing";
    }
    return undefined;
  }

  async #missingChild({ children }: Manifest, depth: number): Promise<string | undefined> {
    for (const child of children) {
      const reason = await this.#whatIsMissing(child.digest, depth + 1);
      const { architecture, os } = child.platform ?? {};
      const platform = architecture === undefined || os === undefined ? "" : `${os}/${architecture}: `;
      // Whoever copies a part of an index leaves children out on purpose.
      const isMeant = isChildRequired(child, this.#search.rules) || (await this.#isThere(child.digest));
      if (reason !== undefined && isMeant) return `${platform}${reason}`;
    }
    return undefined;
  }

  /** In its place, or in the trash, from which whoever needs it restores it. */
  async #isThere(digest: Digest): Promise<boolean> {
    const target = (await followLink(this.#store, layerLink(this.#name, digest), digest)) ?? digest;
    if ((await statBlob(this.#store, target)) !== undefined) return true;
    return (await this.#store.garbage.open(blobKey(target))) !== undefined;
  }
}
