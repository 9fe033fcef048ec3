// index.json of an OCI layout: which images it has, and what they are called (OCI image-spec, image-layout.md). Entries
// that mean nothing to us are kept as they are.
//
//   name ::= tag | repository ":" tag | repository "@" digest         org.opencontainers.image.ref.name
import { type Descriptor, isRecord, parseDescriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { ociImageIndex } from "../../oci/media-type.ts";

/** An entry that can be copied. */
export interface LayoutEntry {
  readonly descriptor: Descriptor;
  /** As it is written, most telling first; empty for one without a name, such as a referrer. */
  readonly names: readonly string[];
}

/** The file as it is, to be written again with changes. */
export interface LayoutIndex {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly manifests: readonly unknown[];
}

const refName = "org.opencontainers.image.ref.name";
/** What containerd and buildkit call the whole reference; the other annotation then holds the tag alone. */
const containerdName = "io.containerd.image.name";

/** A layout without images. */
export const emptyLayoutIndex: LayoutIndex = {
  fields: { schemaVersion: 2, mediaType: ociImageIndex },
  manifests: [],
};

/** What the JSON value says; throws MANIFEST_INVALID where it is no index. */
export function readLayoutIndex(value: unknown, label: string): LayoutIndex {
  if (!isRecord(value) || !Array.isArray(value.manifests))
    throw invalid(`${label}: index.json has no list of manifests`);
  const { manifests, ...fields } = value;
  return { fields, manifests: manifests as readonly unknown[] };
}

/** The text of the file. */
export function formatLayoutIndex({ fields, manifests }: LayoutIndex): string {
  return JSON.stringify({ ...fields, manifests });
}

/** The entries that are well-formed. */
export function layoutEntries({ manifests }: LayoutIndex): readonly LayoutEntry[] {
  return manifests.flatMap((value) => {
    const parsed = parseDescriptor(value);
    return "descriptor" in parsed ? [{ descriptor: parsed.descriptor, names: namesOf(value) }] : [];
  });
}

function namesOf(value: unknown): readonly string[] {
  const annotations = isRecord(value) && isRecord(value.annotations) ? value.annotations : {};
  const names = [annotations[containerdName], annotations[refName]];
  return [...new Set(names.filter((name) => typeof name === "string" && name !== ""))] as string[];
}

/** An entry to be added. */
export interface NewLayoutEntry {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Undefined for an entry without a name. */
  readonly name: string | undefined;
}

/** The index with the entry: in the place of another one of the same name, and instead of one without a name. */
export function withLayoutEntry(index: LayoutIndex, entry: NewLayoutEntry): LayoutIndex {
  const { digest, name } = entry;
  const isReplaced = (value: unknown) => {
    if (!isRecord(value)) return false;
    const written = isRecord(value.annotations) ? value.annotations[refName] : undefined;
    return name !== undefined && written === name ? true : value.digest === digest && written === undefined;
  };
  const isListed = index.manifests.some((value) => isRecord(value) && value.digest === digest);
  if (name === undefined && isListed) return index;
  return { ...index, manifests: [...index.manifests.filter((value) => !isReplaced(value)), writeEntry(entry)] };
}

/** The index of these entries. */
export function makeLayoutIndex(entries: readonly NewLayoutEntry[]): LayoutIndex {
  return { ...emptyLayoutIndex, manifests: entries.map(writeEntry) };
}

function writeEntry({ mediaType, digest, sizeBytes, name }: NewLayoutEntry): object {
  const annotations = name === undefined ? {} : { annotations: { [refName]: name } };
  return { mediaType, digest, size: sizeBytes, ...annotations };
}

/** The entry of that name, or of one that ends with it; undefined if there is none; throws if there are several. */
export function findLayoutEntry(entries: readonly LayoutEntry[], tag: string, label: string): LayoutEntry | undefined {
  const exact = entries.filter(({ names }) => names.includes(tag));
  const found =
    exact.length > 0
      ? exact
      : entries.filter(({ names }) => names.some((name) => name.endsWith(`:${tag}`) || name.endsWith(`/${tag}`)));
  if (new Set(found.map(({ descriptor }) => descriptor.digest)).size > 1) {
    const names = found.flatMap((entry) => entry.names).slice(0, 10);
    throw invalid(`${label} has several images called ${tag}: ${names.join(", ")}`);
  }
  return found[0];
}

/** The only image; throws, and names them, where there are several. */
export function onlyLayoutEntry(entries: readonly LayoutEntry[], label: string): LayoutEntry {
  const named = entries.filter(({ names }) => names.length > 0);
  const candidates = named.length > 0 ? named : entries;
  const [only] = candidates;
  if (only === undefined) throw new RegistryError("MANIFEST_UNKNOWN", { message: `${label} has no images` });
  if (new Set(candidates.map(({ descriptor }) => descriptor.digest)).size > 1) {
    const names = candidates.map((entry) => entry.names.at(-1) ?? entry.descriptor.digest);
    throw invalid(`${label} has several images; name one of ${names.slice(0, 10).join(", ")}`);
  }
  return only;
}

function invalid(message: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", { message });
}
