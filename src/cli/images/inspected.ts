// An image as text and as JSON. Everything in it is a stranger's: it is shown so that nothing in it controls a terminal.
import { showStranger } from "../../lib/quoted.ts";
import { formatSize } from "../../lib/size.ts";
import type { DescribedContent, DescribedImage } from "../../transfer/describe-image.ts";
import type { ImageConfig } from "../../transfer/image-config.ts";
import { formatAge, formatTime } from "./age.ts";
import type { ListedReferrer } from "./source.ts";
import { formatTableRow } from "./table.ts";

/** An image with what refers to it. */
export interface InspectedImage {
  readonly image: DescribedImage;
  /** As people write it. */
  readonly written: string;
  readonly referrers: readonly ListedReferrer[];
  /** Whether there are more than are listed. */
  readonly hasMoreReferrers: boolean;
}

/** Of one value in a line. */
const maxShown = 300;
/** Of one section. */
const maxRows = 200;

/** The image for people. */
export function formatInspected(
  { image, written, referrers, hasMoreReferrers }: InspectedImage,
  nowMs: number,
): string {
  const { children, layers, config, annotations } = image;
  const more = hasMoreReferrers ? [["…", "", "", "there are more"]] : [];
  return [
    section("", summaryRows(image, written, nowMs)),
    section("Manifests", childRows(children)),
    section("Configuration", config === undefined ? [] : configRows(config)),
    section("Layers", layerRows(layers, config?.history ?? [])),
    section("Labels", Object.entries(config?.labels ?? {})),
    section("Annotations", Object.entries(annotations)),
    section("Referrers", [...referrers.map(referrerRow), ...more]),
  ].join("");
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const shown = rows.slice(0, maxRows).map((row) => row.map((cell) => showStranger(cell, maxShown)));
  const left = rows.length - shown.length;
  const all = left > 0 ? [...shown, [`… ${left} more (--json has all)`]] : shown;
  const columns = Math.max(...shown.map((row) => row.length));
  // The last column is as wide as it is.
  const widths = Array.from({ length: columns - 1 }, (_, column) =>
    Math.max(...shown.map((row) => Bun.stringWidth(row[column] ?? ""))),
  );
  const indent = title === "" ? "" : "  ";
  const lines = all.map((row) => `${indent}${formatTableRow(row, widths)}`);
  return `${title === "" ? "" : `\n${title}\n`}${lines.join("")}`;
}

function summaryRows(image: DescribedImage, written: string, nowMs: number): readonly (readonly string[])[] {
  const { digest, mediaType, artifactType, sizeBytes, platforms, createdMs, subject, problem, children } = image;
  const optional = (name: string, value: string | undefined) => (value === undefined ? [] : [[name, value]]);
  const created = createdMs === undefined ? undefined : `${formatTime(createdMs)} (${formatAge(createdMs, nowMs)})`;
  return [
    ["Image", written],
    ["Digest", digest],
    ["Type", mediaType],
    ...optional("Artifact", artifactType),
    ["Size", formatSize(sizeBytes)],
    ...optional("Platform", children.length === 0 ? platforms[0] : undefined),
    ...optional("Created", created),
    ...optional("Subject", subject),
    ...optional("Problem", problem),
  ];
}

function childRows(children: DescribedImage["children"]): readonly (readonly string[])[] {
  return children.map(({ platform, digest, wholeBytes, annotations, mediaType }) => [
    platform ?? annotations["vnd.docker.reference.type"] ?? mediaType,
    digest,
    wholeBytes === undefined ? "not there" : formatSize(wholeBytes),
  ]);
}

function configRows(config: ImageConfig): readonly (readonly string[])[] {
  const { entrypoint, command, environment, ports, volumes, user, workingDirectory } = config;
  const words = (name: string, values: readonly string[]) =>
    values.length === 0 ? [] : [[name, JSON.stringify(values)]];
  const one = (name: string, value: string | undefined) => (value === undefined ? [] : [[name, value]]);
  return [
    ...words("entrypoint", entrypoint),
    ...words("command", command),
    ...environment.map((each) => ["environment", each]),
    ...one("directory", workingDirectory),
    ...one("user", user),
    ...(ports.length === 0 ? [] : [["ports", ports.join(", ")]]),
    ...(volumes.length === 0 ? [] : [["volumes", volumes.join(", ")]]),
  ];
}

/** What made a layer is told if the history has as many steps as there are layers. */
function layerRows(layers: readonly DescribedContent[], history: readonly string[]): readonly (readonly string[])[] {
  const isTold = history.length === layers.length;
  return layers.map(({ digest, sizeBytes, mediaType, annotations }, index) => [
    digest,
    formatSize(sizeBytes),
    annotations["org.opencontainers.image.title"] ?? (isTold ? (history[index] ?? "") : mediaType),
  ]);
}

function referrerRow({ digest, sizeBytes, artifactType, mediaType }: ListedReferrer): readonly string[] {
  return [digest, formatSize(sizeBytes), artifactType ?? mediaType];
}

/** The image for programs. */
export function inspectedAsJson({ image, written, referrers, hasMoreReferrers }: InspectedImage): object {
  const { digest, mediaType, artifactType, sizeBytes, platforms, createdMs, config, children, problem, manifest } =
    image;
  return {
    image: written,
    digest,
    mediaType,
    artifactType,
    sizeBytes,
    platforms,
    created: formatTime(createdMs),
    children: children.map(({ platform, wholeBytes, ...child }) => ({ ...child, platform, wholeBytes })),
    config: config === undefined ? undefined : configAsJson(config),
    manifest,
    referrers,
    hasMoreReferrers,
    problem,
  };
}

function configAsJson({ createdMs, ...config }: ImageConfig): object {
  return { created: formatTime(createdMs), ...config };
}
