// From what was written to values. One walk over the tree, along the schema, makes plain values for zod and looks for
// names that are unknown or have no effect.

import type * as z from "zod";
import { findNearest } from "../lib/nearest.ts";
import { listNodes, type Node, nodeAt } from "./node.ts";
import { formatOrigin } from "./origin.ts";
import { type Configuration, root, schema } from "./schema.ts";
import { deepestAt, isBlank, isBlankScalar, listItems, plain, type Tree } from "./tree.ts";
import { maskUrl } from "./url-secrets.ts";

/** A configuration and what its writer should know, one line each. */
export interface ConfigurationReading {
  /** Undefined if a value is refused. */
  readonly configuration: Configuration | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const maxShownLength = 60;
const minShortenedLength = 3;

/** Reads a whole configuration. */
export function readConfiguration(tree: Tree, { hasFile }: { readonly hasFile: boolean }): ConfigurationReading {
  const walk: SchemaWalk = { hasFile, problems: [], warnings: [], ignored: [] };
  // Compiling the schema takes longer than reading it once does.
  const result = schema.safeParse(readSection(tree, root, walk), { error: explainIssue, jitless: true });
  return {
    configuration: result.data,
    problems: [...walk.problems, ...(result.error?.issues ?? []).map((issue) => formatIssue(tree, issue))],
    warnings: [...walk.warnings, ...formatIgnored(walk.ignored)],
  };
}

/** What the walk collects. */
interface SchemaWalk {
  readonly hasFile: boolean;
  readonly problems: string[];
  readonly warnings: string[];
  readonly ignored: { readonly node: Node; readonly tree: Tree }[];
}

/** The value as zod takes it; undefined if nothing is said. */
function read(tree: Tree | undefined, node: Node, walk: SchemaWalk): unknown {
  if (node.kind === "foreign") return readForeign(tree, node, walk);
  if (node.kind === "section") return readSection(tree, node, walk);
  if (tree === undefined || isBlankScalar(tree)) return walk.hasFile ? node.about.inFile : undefined;
  const { element } = node;
  if (element === undefined) return plain(tree);
  if (node.kind === "list") return listItems(tree).map((item) => readElement(item, element, walk));
  if (tree.kind !== "map") return plain(tree);
  return Object.fromEntries([...tree.entries].map(([name, value]) => [name, readElement(value, element, walk)]));
}

/** Elements of lists and maps count even if they are empty. */
function readElement(tree: Tree, element: Node, walk: SchemaWalk): unknown {
  if (!isBlankScalar(tree) || element.kind === "section") return read(tree, element, walk);
  return element.kind === "list" ? [] : plain(tree);
}

function readSection(tree: Tree | undefined, node: Node, walk: SchemaWalk): unknown {
  const isWritten = tree !== undefined && tree.kind !== "map" && !isBlankScalar(tree);
  if (isWritten && !node.isSwitch) return plain(tree);
  const entries = tree?.kind === "map" ? tree.entries : new Map<string, Tree>();
  const values = [...node.children].map(([name, child]) => [name, read(entries.get(name), child, walk)] as const);
  for (const [name, value] of entries) if (!node.children.has(name)) noteUnknown(name, value, { node, walk });
  const said = Object.fromEntries(values.filter(([, value]) => value !== undefined));
  if (!node.isSwitch) return said;
  const isOn = isWritten ? plain(tree) : tree !== undefined ? "true" : walk.hasFile ? node.about.inFile : undefined;
  return isOn === undefined ? said : { ...said, isOn };
}

function readForeign(tree: Tree | undefined, node: Node, walk: SchemaWalk): unknown {
  const { effect, refusesBlank } = node.about;
  if (tree === undefined || effect === "silent" || (isBlank(tree) && refusesBlank !== true)) return undefined;
  // zod refuses what is unsupported, with whatever value.
  if (effect === undefined) return "";
  walk.ignored.push({ node, tree });
  return undefined;
}

function noteUnknown(
  name: string,
  tree: Tree,
  { node, walk }: { readonly node: Node; readonly walk: SchemaWalk },
): void {
  const { closed } = node.about;
  const nearest = nearestPath(name, node);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  const at = `${formatOrigin(tree.origin)}: ${node.path === "" ? "" : `${node.path}.`}${name}`;
  if (closed === undefined) walk.warnings.push(`${at}: not a known key, and ignored${hint}`);
  else walk.problems.push(`${at}: ${closed}${hint}`);
}

/** A neighbour of nearly that name, or of a longer or shorter one; else the same name elsewhere, but not for an element of a list. */
function nearestPath(name: string, node: Node): string | undefined {
  const { children } = node;
  const neighbours = [...children.keys()];
  const written = name.toLowerCase();
  const isPart = (short: string, long: string) => short.length >= minShortenedLength && long.startsWith(short);
  const longer = neighbours.find((known) => isPart(written, known));
  const neighbour = findNearest(name, neighbours) ?? longer ?? neighbours.find((known) => isPart(known, written));
  if (neighbour !== undefined) return children.get(neighbour)?.path;
  const named = listNodes(root);
  if (node !== root && !named.includes(node)) return undefined;
  return named.find(({ path }) => path.endsWith(`.${name.toLowerCase()}`))?.path;
}

function formatIgnored(ignored: SchemaWalk["ignored"]): readonly string[] {
  return ignored.map(({ node, tree }) => `${formatOrigin(tree.origin)}: ${node.path}: no effect in this version`);
}

/** Where the schema has no sentence of its own. Any value is a list of one, so a list is wrong only where it is missing. */
function explainIssue({ code, expected }: { readonly code: string; readonly expected?: string }): string | undefined {
  if (code !== "invalid_type") return undefined;
  return expected === "array" ? "is missing" : "must be a section, its keys indented below it";
}

function formatIssue(written: Tree, { code, path, message }: z.core.$ZodIssue): string {
  const tree = deepestAt(written, path);
  const name = path.filter((segment) => typeof segment === "string" && segment !== "isOn").join(".");
  if (name === "") return `${formatOrigin(tree.origin)}: a configuration is a map of keys`;
  const node = nodeAt(root, path);
  const isHidden = code === "invalid_key" || node?.kind === "foreign" || node?.about.isSecret === true;
  const text = tree.kind === "scalar" && !isHidden ? tree.text : undefined;
  // Other sentences are about more than the value, or begin with it.
  const line = text !== undefined && message.startsWith("must ") ? `${message}, not ${show(text)}` : message;
  // The writer of a flag need not know the key that it stands for.
  return tree.origin.kind === "flag"
    ? `${tree.origin.name}: ${line}`
    : `${formatOrigin(tree.origin)}: ${name}: ${line}`;
}

function show(written: string): string {
  const text = maskUrl(written);
  return JSON.stringify(text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text);
}
