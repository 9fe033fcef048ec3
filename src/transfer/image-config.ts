// The configuration of an image that runs (OCI image-spec, config.md), as far as people ask for it. A stranger wrote it:
// what is not as it should be is left out. Pure.
import { isRecord, showPlatform } from "../oci/descriptor.ts";

/** What an image runs, and how. */
export interface ImageConfig {
  /** Such as "linux/arm/v7"; undefined if it says none. */
  readonly platform: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdMs: number | undefined;
  readonly user: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** What made each layer, of those that are not empty. */
  readonly history: readonly string[];
}

/** Reads a parsed configuration. */
export function readImageConfig(value: unknown): ImageConfig {
  const fields = isRecord(value) ? value : {};
  const inner = isRecord(fields.config) ? fields.config : {};
  return {
    platform: showPlatform(fields),
    createdMs: parseTime(fields.created),
    user: textOf(inner.User),
    workingDirectory: textOf(inner.WorkingDir),
    entrypoint: textsOf(inner.Entrypoint),
    command: textsOf(inner.Cmd),
    environment: textsOf(inner.Env),
    ports: keysOf(inner.ExposedPorts),
    volumes: keysOf(inner.Volumes),
    labels: labelsOf(inner.Labels),
    history: historyOf(fields.history),
  };
}

/** The time that a text in the form of RFC 3339 tells. Go writes the year 1 if nobody knows. */
export function parseTime(value: unknown): number | undefined {
  if (typeof value !== "string" || value.length > maxTimeLength || value.startsWith("0001-")) return undefined;
  const timeMs = Date.parse(value);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

const maxTimeLength = 64;

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function keysOf(value: unknown): readonly string[] {
  return isRecord(value) ? Object.keys(value) : [];
}

function labelsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function historyOf(value: unknown): readonly string[] {
  const steps = Array.isArray(value) ? value.filter(isRecord) : [];
  return steps.filter((step) => step.empty_layer !== true).map((step) => textOf(step.created_by) ?? "");
}
