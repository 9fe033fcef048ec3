// manifest.json of `docker save`: which files of the archive are which image. Pure.
import { isRecord } from "../../oci/descriptor.ts";
import { RegistryError } from "../../oci/errors.ts";

/** One image. */
export interface DockerImage {
  /** The path of its configuration. */
  readonly config: string;
  readonly repoTags: readonly string[];
  /** The paths of its layers, the lowest first. */
  readonly layers: readonly string[];
}

/** Reads the value; throws MANIFEST_INVALID for what docker would not load. */
export function readDockerManifest(value: unknown, label: string): readonly DockerImage[] {
  if (!Array.isArray(value)) throw invalid(label, "is no list of images");
  return value.map((entry: unknown) => {
    if (!isRecord(entry)) throw invalid(label, "has an entry that is no image");
    const { Config: config, RepoTags: repoTags, Layers: layers } = entry;
    if (typeof config !== "string") throw invalid(label, "has an image without a configuration");
    return { config, repoTags: texts(repoTags ?? [], label), layers: texts(layers ?? [], label) };
  });
}

/** The text of the file. */
export function formatDockerManifest(images: readonly DockerImage[]): string {
  return JSON.stringify(
    images.map(({ config, repoTags, layers }) => ({
      Config: config,
      RepoTags: repoTags.length === 0 ? null : repoTags,
      Layers: layers,
    })),
  );
}

function texts(value: unknown, label: string): readonly string[] {
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value as string[];
  throw invalid(label, "has an image with something else than names");
}

function invalid(label: string, how: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", { message: `${label}: manifest.json ${how}` });
}
