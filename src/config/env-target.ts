// The place that a variable's name points to.

import type { Shape } from "./shape.ts";

/** A known name, and the segments that go on below it: elements of a list or a map, or parts of what is not ours. */
export interface Target {
  readonly shape: Shape;
  readonly path: readonly string[];
  readonly rest: readonly string[];
}

/** An element of a list or a map, and a field or an element of that. */
const maxElementDepth = 2;

/** Where the segments lead, or undefined where they name nothing. */
export function findTarget(root: Shape, segments: readonly string[]): Target | undefined {
  if (segments.includes("")) return undefined;
  let shape = root;
  const path: string[] = [];
  for (const segment of segments) {
    const next = [...shape.children].find(([name]) => name.toUpperCase() === segment);
    if (next === undefined) break;
    path.push(next[0]);
    shape = next[1];
  }
  const rest = segments.slice(path.length);
  return shape.key?.isFileOnly !== true && mayGoOn(shape, rest.length) ? { shape, path, rest } : undefined;
}

function mayGoOn({ key, foreign, closedBecause }: Shape, depth: number): boolean {
  if (depth === 0 || foreign !== undefined || closedBecause !== undefined) return true;
  const hasElements = key?.type.holds === "list" || key?.type.holds === "map";
  return hasElements && depth <= maxElementDepth;
}
