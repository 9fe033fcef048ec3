// Looks for what the table of keys does not have: unknown names, names without effect, and names that must not be
// ignored.

import { findNearest } from "../lib/nearest.ts";
import { formatOrigin } from "./origin.ts";
import { listPaths, type Shape } from "./shape.ts";
import { isBlank, type Tree } from "./tree.ts";

const minShortenedLength = 3;

/** One line each. */
export interface Findings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

interface Found {
  readonly kind: "problem" | "unknown" | "ignored";
  readonly path: string;
  readonly tree: Tree;
  readonly message: string;
}

/** Everything about the names of a tree that its writer should know. */
export function surveyNames(tree: Tree, shape: Shape): Findings {
  const found = look(tree, shape, listPaths(shape));
  const lines = (kind: Found["kind"]): string[] => found.filter((one) => one.kind === kind).map(formatFound);
  return {
    problems: lines("problem"),
    warnings: [...lines("unknown"), ...ignoredLines(found.filter(({ kind }) => kind === "ignored"))],
  };
}

function look(tree: Tree, shape: Shape, paths: readonly string[]): readonly Found[] {
  const own = lookAt(tree, shape);
  if (shape.children.size === 0) return own;
  if (tree.kind !== "map") return shape.key === undefined && !isBlank(tree) ? [...own, notASection(tree, shape)] : own;
  const below = [...tree.entries].flatMap(([name, child]) => {
    const childShape = shape.children.get(name);
    if (childShape !== undefined) return look(child, childShape, paths);
    return shape.foreign === undefined ? [unknownName(name, child, { shape, paths })] : [];
  });
  return [...own, ...below];
}

function lookAt(tree: Tree, { path, foreign }: Shape): readonly Found[] {
  switch (foreign?.effect) {
    case undefined:
    case "silent":
      return [];
    case "ignored":
      return isBlank(tree) ? [] : [{ kind: "ignored", path, tree, message: "" }];
    case "refused": {
      const isAllowed = tree.kind === "scalar" && tree.text === foreign.allowed;
      const isFine = foreign.refusedWhen === "set" && (isBlank(tree) || isAllowed);
      return isFine ? [] : [{ kind: "problem", path, tree, message: foreign.problem }];
    }
  }
}

function notASection(tree: Tree, { path }: Shape): Found {
  const message = path === "" ? "a configuration is a map of keys" : "must be a section, its keys indented below it";
  return { kind: "problem", path, tree, message };
}

function unknownName(name: string, tree: Tree, { shape, paths }: { shape: Shape; paths: readonly string[] }): Found {
  const path = shape.path === "" ? name : `${shape.path}.${name}`;
  const nearest = nearestPath(name, { shape, paths });
  const question = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  const { closedBecause } = shape;
  if (closedBecause !== undefined) return { kind: "problem", path, tree, message: `${closedBecause}${question}` };
  return { kind: "unknown", path, tree, message: `not a known key, and ignored${question}` };
}

/** A neighbour of nearly that name, or of a longer one; else the same name elsewhere. */
function nearestPath(name: string, { shape, paths }: { shape: Shape; paths: readonly string[] }): string | undefined {
  const neighbours = [...shape.children.keys()];
  const isShortened = name.length >= minShortenedLength;
  const longer = neighbours.find((known) => isShortened && known.startsWith(name.toLowerCase()));
  const neighbour = findNearest(name, neighbours) ?? longer;
  if (neighbour !== undefined) return shape.children.get(neighbour)?.path;
  return paths.find((known) => known.endsWith(`.${name.toLowerCase()}`));
}

function formatFound({ path, tree, message }: Found): string {
  return `${formatOrigin(tree.origin)}: ${path === "" ? "" : `${path}: `}${message}`;
}

/** One line for each top-level section. */
function ignoredLines(ignored: readonly Found[]): readonly string[] {
  const sections = Map.groupBy(ignored, ({ path }) => path.split(".")[0]);
  return [...sections.values()].flatMap((found) => {
    const [first] = found;
    if (first === undefined) return [];
    const paths = found.map(({ path }) => path).join(", ");
    return [`${formatOrigin(first.tree.origin)}: ${paths}: no effect in this version`];
  });
}
