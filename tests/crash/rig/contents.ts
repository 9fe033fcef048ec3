// Layers and manifests of the clients, made from chance.
import { digestOf } from "../../e2e/image.ts";
import type { Chance } from "./chance.ts";
import type { Names } from "./knowledge.ts";

/** Bytes with their digest. */
export interface Content {
  readonly digest: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A manifest with what it names. */
export interface MadeManifest extends Content {
  readonly mediaType: string;
  readonly names: Names;
}

const ociType = "application/vnd.oci.image";
const sharedCount = 6;

/** A few layers that many images have in common, so that deletes, mounts, pushes and collectors meet over them. */
export function makeSharedLayers(chance: Chance): readonly Content[] {
  return Array.from({ length: sharedCount }, (_, index) => makeLayer(chance.fork(`shared ${index}`)));
}

/** Mostly small; now and then larger than one write. */
export function makeLayer(chance: Chance): Content {
  const largest = chance.weigh({ "100": 4, "5000": 4, "150000": 2, "2500000": 0.3 });
  return contentOf(chance.bytes(chance.between(1, Number(largest))));
}

/** A configuration that no other image has. */
export function makeConfig(label: string): Content {
  return contentOf(encode({ architecture: "amd64", os: "linux", config: { Labels: { label } } }));
}

/** An image of these parts. */
export function makeImage(config: Content, layers: readonly Content[]): MadeManifest {
  return makeManifest(`${ociType}.manifest.v1+json`, {
    config: describe(`${ociType}.config.v1+json`, config),
    layers: layers.map((layer) => describe(`${ociType}.layer.v1.tar`, layer)),
  });
}

/** Something that refers to a manifest, such as a signature. */
export function makeReferrer(config: Content, subject: MadeManifest): MadeManifest {
  return makeManifest(`${ociType}.manifest.v1+json`, {
    artifactType: "application/vnd.example.signature",
    config: describe("application/vnd.oci.empty.v1+json", config),
    layers: [],
    subject: describe(subject.mediaType, subject),
  });
}

/** An index of these manifests. */
export function makeIndex(label: string, children: readonly MadeManifest[]): MadeManifest {
  return makeManifest(`${ociType}.index.v1+json`, {
    manifests: children.map((child) => describe(child.mediaType, child)),
    annotations: { label },
  });
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Parts {
  readonly artifactType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

function makeManifest(mediaType: string, parts: Parts): MadeManifest {
  const blobs = [...(parts.config === undefined ? [] : [parts.config]), ...(parts.layers ?? [])];
  const names: Names = {
    blobs: blobs.map(({ digest }) => digest),
    children: (parts.manifests ?? []).map(({ digest }) => digest),
    subject: parts.subject?.digest,
  };
  return { ...contentOf(encode({ schemaVersion: 2, mediaType, ...parts })), mediaType, names };
}

function describe(mediaType: string, { digest, bytes }: Content): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

function contentOf(bytes: Uint8Array<ArrayBuffer>): Content {
  return { digest: digestOf(bytes), bytes };
}

function encode(value: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
