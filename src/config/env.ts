// REGISTRY_ variables. Each names a place by upper-case segments; they apply in an order in which a whole section precedes
// its parts. Pure; unknown names are only a warning.

import { findNearest } from "../lib/nearest.ts";
import { findTarget, type Placed, placeValue, type VariableTarget } from "./env-target.ts";
import { listNodes, type Node } from "./node.ts";
import type { Origin } from "./origin.ts";
import { root } from "./schema.ts";
import { expandName, isBlankScalar, type Tree } from "./tree.ts";
import type { ParseYaml } from "./yaml.ts";

const prefix = "REGISTRY_";

/** The variable that names the file. */
export const pathVariable = "REGISTRY_CONFIGURATION_PATH";

/** Not configuration in spite of the prefix: the path of the file, a version that images set, and podman's file of logins. */
const otherNames = [pathVariable, "REGISTRY_VERSION", "REGISTRY_AUTH_FILE"];

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
  { env, parse }: { readonly env: Environment; readonly parse: ParseYaml },
): EnvironmentResult {
  const problems: string[] = [];
  const warnings: string[] = [];
  const applied = listVariables(env).reduce((before, name) => {
    const segments = name.slice(prefix.length).split("_");
    const target = findTarget(root, segments);
    if (target === undefined) {
      warnings.push(unknownVariable(name));
      return before;
    }
    const value = readVariable(env[name] ?? "", { name, leaf: target.leaf, parse });
    const placed = "problem" in value ? value : place(before, segments, { target, value: value.tree });
    if ("tree" in placed) return placed.tree;
    problems.push(`${name}: ${[target.node.path, ...target.rest].join(".")}: ${placed.problem}`);
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

function unknownVariable(name: string): string {
  const names = listNodes(root).map(({ path }) => path.toUpperCase().replaceAll(".", "_"));
  const written = name.slice(prefix.length);
  const nearest = findNearest(written, names) ?? names.find((known) => known.startsWith(written));
  const hint = nearest === undefined ? "" : `; did you mean ${prefix}${nearest}?`;
  return `${name} names no configuration key and is ignored${hint}`;
}

/** An empty variable empties a key, but not a section: with `auth` or `tls`, more would go than was meant. */
function place(
  tree: Tree,
  segments: readonly string[],
  { target: { node, rest }, value }: { readonly target: VariableTarget; readonly value: Tree },
): Placed {
  const isSection = node.kind === "section" && !node.isSwitch;
  if (rest.length === 0 && isSection && isBlankScalar(value)) return { tree };
  const isName = node.about.closed !== undefined && rest.length === 0;
  return placeValue(tree, segments, { value: isName ? expandName(value) : value, node: root });
}

/** Text is taken as it is, so that a secret may be `*abc`; sections, lists, maps and quoted text are YAML. */
function readVariable(
  text: string,
  { name, leaf, parse }: { readonly name: string; readonly leaf: Node; readonly parse: ParseYaml },
): Placed {
  const origin: Origin = { kind: "variable", name };
  const trimmed = text.trim();
  const plain: Placed = { tree: { kind: "scalar", text: /^(?:~|null)$/i.test(trimmed) ? undefined : trimmed, origin } };
  const isQuoted = /^(?:".*"|'.*')$/s.test(trimmed);
  if (!isQuoted && isText(leaf, trimmed)) return plain;
  const result = parse(text, () => origin);
  const isWhole = "tree" in result && result.duplicates.length === 0;
  if (isQuoted) return isWhole && result.tree.kind === "scalar" ? result : plain;
  if (isWhole) return result;
  if (leaf.kind === "foreign" || !/^[[{]/.test(trimmed)) return plain;
  const reason = "problems" in result ? (result.problems[0]?.message ?? "") : "a key is repeated in it";
  return { problem: `is not YAML: ${reason}; special characters need quotes, as in ["*"]` };
}

/** A list of one may be written without brackets. */
function isText({ kind, element }: Node, text: string): boolean {
  if (kind === "list") return !(element?.kind === "section" ? /^[[{-]/ : /^[[-]/).test(text);
  return kind === "value";
}
