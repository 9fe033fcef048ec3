// Reads the configuration: the file, the variables and the flags, in increasing order of precedence. The only file
// here that reads the disk.

import { readFile } from "node:fs/promises";
import { explainReadError } from "../lib/system-error.ts";
import { judgeDuplicates } from "./duplicates.ts";
import { applyEnvironment, type Environment, type EnvironmentResult, listVariables, pathVariable } from "./env.ts";
import { applyFlags, type Flags } from "./flags.ts";
import type { Origin } from "./origin.ts";
import { readConfiguration } from "./read.ts";
import { type Configuration, root } from "./schema.ts";
import { listSettings, type Settings } from "./settings.ts";
import { judgeDrivers, renameDriver } from "./storage-drivers.ts";
import { applySwitches } from "./switches.ts";
import { emptyMap, expandName, isBlankScalar, type Tree, treeAt, withTree } from "./tree.ts";
import { listWarnings } from "./warnings.ts";

const maxFileBytes = 256 * 1024;

/** A configuration that cannot be used: all its problems, each one line that says where and what is allowed. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[];
  /** A mistyped name may be the cause of a problem. */
  readonly warnings: readonly string[];

  constructor(problems: readonly string[], warnings: readonly string[] = []) {
    // The YAML library may repeat a message about one place.
    const lines = [...new Set(problems.map(printable))];
    super(lines.join("\n"));
    this.name = "ConfigurationError";
    this.problems = lines;
    this.warnings = warnings;
  }
}

/** The sources of a configuration. */
export interface ConfigurationRequest {
  /** The file; undefined: the one that REGISTRY_CONFIGURATION_PATH names, or none. */
  readonly path: string | undefined;
  readonly env: Environment;
  readonly flags: Flags;
}

/** A usable configuration, and what its writer should know. */
export interface LoadedConfiguration {
  readonly configuration: Configuration;
  readonly warnings: readonly string[];
  /** The file that was read; undefined: none. */
  readonly path: string | undefined;
  /** Every key by its path, with what was written for it and where. */
  readonly settings: Settings;
}

/** The resolved configuration; throws a ConfigurationError that names all problems at once. */
export async function loadConfiguration({
  env,
  flags,
  ...request
}: ConfigurationRequest): Promise<LoadedConfiguration> {
  const path = request.path ?? (env[pathVariable] || undefined);
  const hasFile = path !== undefined;
  const written = hasFile ? await readTree(path) : nothingWritten;
  const environment = await withVariables(written.tree, env);
  const tree = applySwitches(applyFlags(renameDriver(environment.tree), flags));
  const { configuration, ...found } = readConfiguration(tree, { hasFile });
  const settings = listSettings(tree, { hasFile });
  const odd = configuration === undefined ? [] : listWarnings(configuration, settings, flags);
  const all = [...written.warnings, ...environment.warnings, ...found.warnings, ...odd];
  const warnings = inOrder(all).map(printable);
  const problems = [
    ...(hasFile ? versionProblems(path, tree) : []),
    ...written.problems,
    ...environment.problems,
    ...found.problems,
    ...judgeDrivers(tree),
  ];
  if (configuration === undefined || problems.length > 0) throw new ConfigurationError(inOrder(problems), warnings);
  const isPlain = flags.http !== undefined;
  return { configuration: isPlain ? withoutTls(configuration) : configuration, warnings, path, settings };
}

/** `--http` has no key: it is the absence of certificates. */
function withoutTls({ http, ...others }: Configuration): Configuration {
  const selfsigned = { ...http.tls.selfsigned, isOn: false };
  return { ...others, http: { ...http, tls: { ...http.tls, certificate: undefined, key: undefined, selfsigned } } };
}

/** The YAML library is loaded only if there is YAML: it takes as long as everything else. */
async function withVariables(tree: Tree, env: Environment): Promise<EnvironmentResult> {
  if (listVariables(env).length === 0) return { tree, problems: [], warnings: [] };
  const { parseYaml } = await import("./yaml.ts");
  return applyEnvironment(tree, { env, parse: parseYaml });
}

/** A file as a tree, with its problems and warnings. */
interface Written {
  readonly tree: Tree;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const nothingWritten: Written = { tree: emptyMap({ kind: "default" }), problems: [], warnings: [] };

async function readTree(path: string): Promise<Written> {
  const text = await readText(path);
  const { parseYaml } = await import("./yaml.ts");
  const result = parseYaml(text, (line, column): Origin => ({ kind: "file", file: path, line, column }));
  if ("problems" in result) {
    throw new ConfigurationError(
      result.problems.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`),
    );
  }
  const tree = [...root.children].reduce((before, [name, { about }]) => {
    const section = treeAt(before, name);
    return section === undefined || about.closed === undefined ? before : withTree(before, [name], expandName(section));
  }, result.tree);
  const { problems, warnings } = judgeDuplicates(result.duplicates);
  const inFile = (line: string) => `${path}:${line}`;
  return { tree: renameDriver(tree), problems: problems.map(inFile), warnings: warnings.map(inFile) };
}

async function readText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ConfigurationError([`${path}: ${explainReadError(error)}; name another file, or none for the defaults`]);
  }
  if (bytes.length > maxFileBytes) throw new ConfigurationError([`${path}: is larger than ${maxFileBytes / 1024} KiB`]);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigurationError([`${path}: is not UTF-8 text`]);
  }
}

/** By place: digits compare as numbers, so that the problems of a file come in the order of its lines. */
function inOrder(lines: readonly string[]): readonly string[] {
  return lines.length < 2 ? lines : [...lines].sort(new Intl.Collator("en", { numeric: true }).compare);
}

/** Names of keys and variables can hold anything; what is printed is one line without control characters. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function versionProblems(path: string, tree: Tree): readonly string[] {
  const version = treeAt(tree, "version");
  const isMissing = tree.kind !== "list" && (version === undefined || isBlankScalar(version));
  return isMissing ? [`${path}:1:1: version: is missing; a file begins with the line version: 0.1`] : [];
}
