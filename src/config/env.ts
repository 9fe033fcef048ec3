// REGISTRY_ variables: each names a place by upper-case segments, in order, so that the whole of a section comes before
// its parts. Pure; unknown names are only a warning.

import { findNearest } from "../lib/nearest.ts";
import { type Placed, placeElement } from "./env-element.ts";
import { findTarget, type Target } from "./env-target.ts";
import type { Origin } from "./origin.ts";
import { listPaths, type Shape } from "./shape.ts";
import { expandName, isBlankScalar, type Tree, treeAt, withTree } from "./tree.ts";
import type { ParseYaml } from "./yaml.ts";

const prefix = "REGISTRY_";

/** The variable that names the file. */
export const pathVariable = "REGISTRY_CONFIGURATION_PATH";

/** Variables with the prefix that are not configuration: the file's place, and a version that images like to set. */
const otherNames = [pathVariable, "REGISTRY_VERSION"];

/** What Kubernetes and docker links set for a service named `registry` or `registry-…`. */
const serviceName = /_(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?)$/;
const servicePortValue = /^(?:tcp|udp|sctp):\/\//;

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A tree with the variables in it, and what was wrong with them. */
export interface EnvironmentResult {
  readonly tree: Tree;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** The names of the variables that are meant for the configuration, in the order in which they apply. */
export function listVariables(env: Environment): readonly string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !otherNames.includes(name))
    .filter((name) => env[name] !== undefined && !isServiceVariable(name, env[name]))
    .sort(compareNames);
}

/** The tree with every variable applied. */
export function applyEnvironment(
  tree: Tree,
  { env, shape, parse }: { env: Environment; shape: Shape; parse: ParseYaml },
): EnvironmentResult {
  const problems: string[] = [];
  const warnings: string[] = [];
  const applied = listVariables(env).reduce((before, name) => {
    const target = findTarget(shape, name.slice(prefix.length).split("_"));
    if (target === undefined) {
      warnings.push(unknownVariable(name, shape));
      return before;
    }
    const value = readVariable(env[name] ?? "", { name, target, parse });
    const placed = "problem" in value ? value : place(before, target, value.tree);
    if ("tree" in placed) return placed.tree;
    problems.push(`${name}: ${[...target.path, ...target.rest].join(".")}: ${placed.problem}`);
    return before;
  }, tree);
  return { tree: applied, problems, warnings };
}

function isServiceVariable(name: string, value: string): boolean {
  return name === "REGISTRY_PORT" || serviceName.test(name) || (name.endsWith("_PORT") && servicePortValue.test(value));
}

/** By segments, so that a section precedes its parts; indexes of lists by number. */
function compareNames(left: string, right: string): number {
  const others = right.split("_");
  for (const [index, segment] of left.split("_").entries()) {
    const other = others[index];
    if (other === undefined) return 1;
    const isNumeric = /^\d+$/.test(segment) && /^\d+$/.test(other);
    if (isNumeric && Number(segment) !== Number(other)) return Number(segment) - Number(other);
    if (segment !== other) return segment < other ? -1 : 1;
  }
  return -1;
}

function unknownVariable(name: string, shape: Shape): string {
  const names = listPaths(shape).map((path) => path.toUpperCase().replaceAll(".", "_"));
  const nearest = findNearest(name.slice(prefix.length), names);
  const question = nearest === undefined ? "" : `; did you mean ${prefix}${nearest}?`;
  return `${name} names no configuration key and is ignored${question}`;
}

/** An empty variable empties a key, but no section: with `auth` or `tls` more would be gone than was meant. */
function place(tree: Tree, { path, rest, shape }: Target, value: Tree): Placed {
  const isSection = shape.key === undefined && shape.children.size > 0;
  if (rest.length === 0 && isSection && isBlankScalar(value)) return { tree };
  if (rest.length === 0) return { tree: withTree(tree, path, shape.closedBecause ? expandName(value) : value) };
  if (shape.key === undefined) {
    const below = rest.map((name) => name.toLowerCase());
    return { tree: withTree(tree, [...path, ...below], value) };
  }
  const placed = placeElement(treeAt(tree, shape.path), rest, { value, holds: shape.key.type.holds });
  return "problem" in placed ? placed : { tree: withTree(tree, path, placed.tree) };
}

/** Text is taken as it is, so that a secret may be `*abc`; lists, maps and quoted text are YAML. */
function readVariable(
  text: string,
  { name, target, parse }: { name: string; target: Target; parse: ParseYaml },
): Placed {
  const origin: Origin = { kind: "variable", name };
  const trimmed = text.trim();
  const plain: Tree = { kind: "scalar", text: /^(?:~|null|)$/i.test(trimmed) ? undefined : trimmed, origin };
  const isQuoted = /^(?:".*"|'.*')$/s.test(trimmed);
  if (isText(target, trimmed) && !isQuoted) return { tree: plain };
  const result = parse(text, () => origin);
  if ("tree" in result && result.duplicates.length === 0)
    return isQuoted && result.tree.kind !== "scalar" ? { tree: plain } : result;
  if (isQuoted || target.shape.foreign !== undefined || !/^[[{]/.test(trimmed)) return { tree: plain };
  const reason = "problems" in result ? (result.problems[0]?.message ?? "") : "a key stands in it twice";
  return { problem: `is not YAML: ${reason}; special characters need quotes, as in ["*"]` };
}

function isText({ shape, rest }: Target, text: string): boolean {
  const holds = shape.key?.type.holds;
  if (holds === undefined || holds === "switch") return false;
  if (holds === "scalar" || rest.length === 2) return true;
  if (holds === "list" && rest.length === 1) return !text.startsWith("{");
  return holds === "map" && rest.length === 0 ? false : !/^[[-]/.test(text);
}
