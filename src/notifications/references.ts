// What a manifest names, as events with `includereferences` tell it: the descriptors in the order and with the fields
// that registry:3 writes.
import { parseStrictJsonInTurns } from "../lib/json.ts";
import { isRecord } from "../oci/descriptor.ts";
import { manifestLimits } from "../oci/manifest.ts";

/** A descriptor with everything that the image specification knows of one. */
export type ManifestReference = Readonly<Record<string, unknown>>;

/** Config and layers of an image, or children of an index; undefined if there are none. */
export async function readReferences(bytes: Uint8Array): Promise<readonly ManifestReference[] | undefined> {
  const json = await parseStrictJsonInTurns(bytes, manifestLimits);
  if ("problem" in json || !isRecord(json.value)) return undefined;
  const { config, layers, manifests } = json.value;
  const named = Array.isArray(manifests) ? manifests : [config, ...(Array.isArray(layers) ? layers : [])];
  const references = named.filter(isRecord).map(orderFields);
  return references.length === 0 ? undefined : references;
}

function orderFields(written: ManifestReference): ManifestReference {
  const { mediaType, digest, size, urls, annotations, data, platform, artifactType } = written;
  return withoutEmpty({
    mediaType,
    digest,
    size,
    urls,
    annotations: isRecord(annotations) ? sortKeys(annotations) : undefined,
    data,
    platform: isRecord(platform) ? orderPlatform(platform) : undefined,
    artifactType,
  });
}

function orderPlatform(platform: ManifestReference): ManifestReference {
  const { architecture, os, variant } = platform;
  const { "os.version": version, "os.features": features } = platform;
  return {
    architecture: architecture ?? "",
    os: os ?? "",
    ...withoutEmpty({ "os.version": version, "os.features": features, variant }),
  };
}

function sortKeys(map: ManifestReference): ManifestReference {
  return Object.fromEntries(Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Go leaves out what is empty. */
function withoutEmpty(fields: ManifestReference): ManifestReference {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === null || value === "" || (isRecord(value) && Object.keys(value).length === 0);
}
