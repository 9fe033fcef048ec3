// What lies in a bucket of millions of keys, told key by key rather than kept: images that follow from their number, as a
// registry lays them out, in the order of a listing. A stand-in for an object store answers from it.
import { blobKey, layerLink, repositoriesPrefix, revisionLink, tagCurrentLink } from "../../src/registry/layout.ts";
import { digestOf, named, tagged } from "../../tests/registry/stocked.ts";

/** How much there is. */
export interface BucketSize {
  readonly repositories: number;
  /** Each has a manifest, a configuration and eight layers of its own, and nine of ten have a tag. */
  readonly imagesOfRepository: number;
  /** Blobs that nothing links. */
  readonly orphans: number;
}

/** An object, as a listing shows it. */
export interface StockedObject {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** Layers that many repositories have. */
const bases = 500;
const layersOfBase = 3;
const ownLayers = 8;
const mediaType = "application/vnd.oci.image.manifest.v1+json";
/** How many repositories' keys are kept: listings of several go on at once. */
const keptRepositories = 64;

interface Image {
  readonly text: string;
  readonly digest: ReturnType<typeof digestOf>;
  readonly config: ReturnType<typeof digestOf>;
  readonly layers: readonly ReturnType<typeof digestOf>[];
  readonly shared: readonly ReturnType<typeof digestOf>[];
}

/** The bucket. */
export class StockedBucket {
  readonly #size: BucketSize;
  /** "<hex> <bytes> <image>" in order; the image only of a manifest. */
  readonly #blobs: readonly string[];
  readonly #names: readonly string[];
  readonly #repositories = new Map<number, readonly StockedObject[]>();

  constructor(size: BucketSize) {
    this.#size = size;
    this.#names = Array.from({ length: size.repositories }, (_, index) => nameOf(index));
    this.#blobs = this.#listBlobs().sort();
  }

  /** How many keys there are. */
  count(): number {
    let links = 0;
    for (let index = 0; index < this.#size.repositories; index += 1) links += this.#linksOf(index).length;
    return this.#blobs.length + links;
  }

  /** The objects from this key on, in the order of a listing. */
  *from(key: string): Generator<StockedObject> {
    // Blobs come before repositories.
    let blob = firstFrom(this.#blobs.length, (index) => describeBlob(this.#blobs[index] ?? "").key >= key);
    for (; blob < this.#blobs.length; blob += 1) yield describeBlob(this.#blobs[blob] ?? "");
    if (key > `${repositoriesPrefix}0`) return;
    const path = key < repositoriesPrefix ? "" : key.slice(repositoriesPrefix.length + 1);
    // The last one whose name is not after the path may hold it.
    let index = Math.max(0, firstFrom(this.#names.length, (each) => `${this.#names[each]}/` > path) - 1);
    for (; index < this.#names.length; index += 1) {
      const links = this.#linksOf(index);
      let link = firstFrom(links.length, (each) => (links[each]?.key ?? "") >= key);
      for (let next = links[link]; next !== undefined; next = links[link]) {
        yield next;
        link += 1;
      }
    }
  }

  /** The object under a key. */
  stat(key: string): StockedObject | undefined {
    for (const found of this.from(key)) return found.key === key ? found : undefined;
    return undefined;
  }

  /** What an object holds: of a manifest or link all of it, of a layer nothing that anybody should ask for. */
  text({ key }: StockedObject): string {
    const hex = /\/([0-9a-f]{64})\/data$/.exec(key)?.[1];
    if (hex !== undefined) {
      const blob = this.#blobs[firstFrom(this.#blobs.length, (index) => (this.#blobs[index] ?? "") >= hex)] ?? "";
      const image = blob.split(" ")[2] ?? "";
      return image === "" ? "" : this.#imageOf(Number(image)).text;
    }
    const linked = /\/sha256\/([0-9a-f]{64})\/link$/.exec(key)?.[1];
    if (linked !== undefined) return `sha256:${linked}`;
    const [, index = "", tag = ""] = /\/app-(\d+)\/_manifests\/tags\/v(\d+)\//.exec(key) ?? [];
    return this.#imageOf(Number(index) * this.#size.imagesOfRepository + Number(tag)).digest;
  }

  #listBlobs(): string[] {
    const { repositories, imagesOfRepository, orphans } = this.#size;
    const blobs: string[] = [];
    const add = (digest: string, sizeBytes: number, image = "") =>
      blobs.push(`${digest.slice("sha256:".length)} ${sizeBytes} ${image}`);
    for (let index = 0; index < repositories * imagesOfRepository; index += 1) {
      const { digest, text, config, layers } = this.#imageOf(index);
      add(digest, text.length, String(index));
      add(config, configBytes);
      for (const layer of layers) add(layer, layerBytes);
    }
    for (let base = 0; base < Math.min(bases, repositories); base += 1) {
      for (const layer of sharedLayers(base)) add(layer, layerBytes);
    }
    for (let orphan = 0; orphan < orphans; orphan += 1) add(digestOf(`orphan ${orphan}`), layerBytes);
    return blobs;
  }

  #imageOf(index: number): Image {
    const repository = Math.floor(index / this.#size.imagesOfRepository);
    const config = digestOf(`configuration ${index}`);
    const layers = Array.from({ length: ownLayers }, (_, layer) => digestOf(`layer ${index} ${layer}`));
    const shared = sharedLayers(repository % bases);
    const describe = (digest: string, size: number, kind: string) => ({
      mediaType: `application/vnd.oci.image.${kind}`,
      digest,
      size,
    });
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: describe(config, configBytes, "config.v1+json"),
      layers: [...shared, ...layers].map((digest) => describe(digest, layerBytes, "layer.v1.tar+gzip")),
    });
    return { text, digest: digestOf(text), config, layers, shared };
  }

  #linksOf(index: number): readonly StockedObject[] {
    const known = this.#repositories.get(index);
    if (known !== undefined) return known;
    const name = named(nameOf(index));
    const links: StockedObject[] = sharedLayers(index % bases).map((layer) =>
      describeLink(layerLink(name, layer), layer),
    );
    for (let tag = 0; tag < this.#size.imagesOfRepository; tag += 1) {
      const { digest, config, layers } = this.#imageOf(index * this.#size.imagesOfRepository + tag);
      for (const blob of [config, ...layers]) links.push(describeLink(layerLink(name, blob), blob));
      links.push(describeLink(revisionLink(name, digest), digest));
      if (tag % 10 !== 9) links.push(describeLink(tagCurrentLink(name, tagged(`v${tag}`)), digest));
    }
    links.sort((one, other) => (one.key < other.key ? -1 : 1));
    this.#repositories.set(index, links);
    const [oldest] = this.#repositories.keys();
    if (this.#repositories.size > keptRepositories && oldest !== undefined) this.#repositories.delete(oldest);
    return links;
  }
}

const configBytes = 7_023;
const layerBytes = 12_345_678;

function nameOf(index: number): string {
  const number = String(index).padStart(6, "0");
  return `team-${number.slice(0, 4)}/app-${number}`;
}

function sharedLayers(base: number) {
  return Array.from({ length: layersOfBase }, (_, layer) => digestOf(`base ${base} ${layer}`));
}

function describeBlob(line: string): StockedObject {
  const [hex = "", sizeBytes = ""] = line.split(" ");
  const key = blobKey(`sha256:${hex}` as ReturnType<typeof digestOf>);
  return { key, etag: hex.slice(0, 32), sizeBytes: Number(sizeBytes) };
}

/** The MD5 of what it holds, as stores have it. */
function describeLink(key: string, digest: string): StockedObject {
  return { key, etag: new Bun.CryptoHasher("md5").update(digest).digest("hex"), sizeBytes: digest.length };
}

/** The first index for which it is true, as for all after it. */
function firstFrom(length: number, isReached: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isReached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
