// Manifests and configurations as the page shows them. Strangers wrote them, so every field may be anything.
import { fieldsOf, type JsonFields, listOf, pairsOf, parseFields, sizeOf, textOf, textsOf } from "./json-fields.ts";

/** A name and what it says. */
export type NamedText = readonly [name: string, text: string];

/** What a manifest says of a blob or another manifest. */
export interface NamedContent {
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly annotations: readonly NamedText[];
  /** Such as "linux/arm64/v8"; undefined if none is named. */
  readonly platform: string | undefined;
}

/** A manifest, whichever kind it is. */
export interface ManifestDocument {
  readonly kind: "image" | "index";
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  readonly config: NamedContent | undefined;
  readonly layers: readonly NamedContent[];
  /** Those that an index names. */
  readonly manifests: readonly NamedContent[];
  readonly annotations: readonly NamedText[];
  readonly subject: NamedContent | undefined;
}

/** A step of the history of an image. */
export interface HistoryStep {
  readonly command: string;
  readonly created: string | undefined;
  /** The layer that it made; undefined for steps that make none. */
  readonly layer: NamedContent | undefined;
}

/** The configuration of an image. */
export interface ConfigDocument {
  readonly platform: string | undefined;
  readonly created: string | undefined;
  readonly author: string | undefined;
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly user: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly stopSignal: string | undefined;
  readonly labels: readonly NamedText[];
  readonly history: readonly HistoryStep[];
}

/** Reads a manifest; undefined if the text is none. */
export function parseManifestDocument(text: string, contentType: string): ManifestDocument | undefined {
  const fields = parseFields(text);
  if (fields === undefined) return undefined;
  const mediaType = textOf(fields.mediaType) ?? contentType;
  const isIndex = Array.isArray(fields.manifests);
  return {
    kind: isIndex ? "index" : "image",
    mediaType,
    artifactType: textOf(fields.artifactType),
    config: contentOf(fields.config),
    layers: contentsOf(fields.layers),
    manifests: contentsOf(fields.manifests),
    annotations: pairsOf(fields.annotations),
    subject: contentOf(fields.subject),
  };
}

/** Reads a configuration, with the layers of its manifest; undefined if the text is none. */
export function parseConfigDocument(text: string, layers: readonly NamedContent[]): ConfigDocument | undefined {
  const fields = parseFields(text);
  if (fields === undefined) return undefined;
  const config = fieldsOf(fields.config) ?? {};
  return {
    platform: formatPlatform(fields),
    created: textOf(fields.created),
    author: textOf(fields.author),
    entryPoint: textsOf(config.Entrypoint),
    command: textsOf(config.Cmd),
    environment: textsOf(config.Env),
    ports: Object.keys(fieldsOf(config.ExposedPorts) ?? {}),
    volumes: Object.keys(fieldsOf(config.Volumes) ?? {}),
    user: textOf(config.User),
    workingDirectory: textOf(config.WorkingDir),
    stopSignal: textOf(config.StopSignal),
    labels: pairsOf(config.Labels),
    history: planHistory(listOf(fields.history), layers),
  };
}

/** The platform that is shown first: the usual one if it is there, and never an attestation. */
export function choosePlatform(manifests: readonly NamedContent[]): NamedContent | undefined {
  const real = manifests.filter(({ platform }) => platform !== undefined && !platform.startsWith("unknown/"));
  return real.find(({ platform }) => platform === "linux/amd64") ?? real[0] ?? manifests[0];
}

/** The size of everything that a manifest names itself. */
export function sumSizes(contents: readonly NamedContent[]): number {
  return contents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Steps and layers come in one order; if their numbers differ, layers without a step come last. */
function planHistory(steps: readonly unknown[], layers: readonly NamedContent[]): readonly HistoryStep[] {
  let used = 0;
  const planned = steps.map((step): HistoryStep => {
    const fields = fieldsOf(step) ?? {};
    const layer = fields.empty_layer === true ? undefined : layers[used];
    if (layer !== undefined) used += 1;
    return { command: cleanCommand(textOf(fields.created_by) ?? ""), created: textOf(fields.created), layer };
  });
  return [...planned, ...layers.slice(used).map((layer) => ({ command: "", created: undefined, layer }))];
}

/** Without the shell that every step of a Dockerfile runs in. */
function cleanCommand(text: string): string {
  return text.replace(/^\/bin\/sh -c #\(nop\) +/, "").replace(/^\/bin\/sh -c /, "RUN ");
}

function contentsOf(value: unknown): readonly NamedContent[] {
  return listOf(value).flatMap((each) => contentOf(each) ?? []);
}

function contentOf(value: unknown): NamedContent | undefined {
  const fields = fieldsOf(value);
  const digest = textOf(fields?.digest);
  if (fields === undefined || digest === undefined) return undefined;
  return {
    mediaType: textOf(fields.mediaType) ?? "",
    artifactType: textOf(fields.artifactType),
    digest,
    sizeBytes: sizeOf(fields.size),
    annotations: pairsOf(fields.annotations),
    platform: formatPlatform(fieldsOf(fields.platform) ?? {}),
  };
}

function formatPlatform({ os, architecture, variant }: JsonFields): string | undefined {
  const words = [os, architecture, variant].map(textOf);
  return words[0] === undefined ? undefined : words.filter((word) => word !== undefined).join("/");
}
