// YAML as distribution reads it: version 1.1, with merge keys; the last of repeated keys counts.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Scalar, type YAMLMap } from "yaml";
import type { Origin } from "./origin.ts";
import { overlay, type Tree } from "./tree.ts";

/** An error in a YAML text. Lines and columns count from 1. */
export interface YamlProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A key that is repeated in its map. */
export interface DuplicateKey {
  readonly line: number;
  readonly column: number;
  /** The names and indexes that lead to it. */
  readonly path: readonly string[];
  /** The paths of earlier values, at or below this one, that no longer count and differ from those that do. */
  readonly hidden: readonly (readonly string[])[];
}

/** The parsed text, or everything wrong with it. */
export type YamlResult =
  | { readonly tree: Tree; readonly duplicates: readonly DuplicateKey[] }
  | { readonly problems: readonly YamlProblem[] };

/** The origin of a value at a line and column. */
export type Locate = (line: number, column: number) => Origin;

/** The type of `parseYaml`, for those who load it only when they need it. */
export type ParseYaml = (text: string, locate: Locate) => YamlResult;

// Aliases can expand a small text into a huge tree, or into an endless one.
const maxNodes = 20_000;
const maxDepth = 64;
// One mistake can make the library complain about every line after it.
const maxProblems = 3;

const tooDeep = `values are nested more than ${maxDepth} deep`;

// All scalars stay text, so that `yes` and `0123` are whatever their key wants. readMap finds duplicates itself, since
// it keeps the last one.
const options = { schema: "failsafe", version: "1.1", merge: true, prettyErrors: false, uniqueKeys: false } as const;

/** Replacements for unhelpful messages of the library. */
const messages: Readonly<Record<string, string>> = {
  RESOURCE_EXHAUSTION: tooDeep,
  MULTIPLE_DOCS: "a second document begins; a configuration is one document",
  BAD_INDENT: "the line is not indented as far as those that it belongs to",
  TAB_AS_INDENT: "a tab indents the line; YAML indents with spaces",
};

/** Parses one document. */
export function parseYaml(text: string, locate: Locate): YamlResult {
  const lines = new LineCounter();
  const problemAt = (offset: number, message: string): YamlProblem => ({ ...positionOf(lines, offset), message });
  try {
    const document = parseDocument(text, { ...options, lineCounter: lines });
    if (document.errors.length > 0) {
      const errors = document.errors.slice(0, maxProblems);
      return { problems: errors.map(({ code, message, pos }) => problemAt(pos[0], messages[code] ?? message)) };
    }
    const reading: YamlReading = {
      originAt: (offset) => {
        const { line, column } = positionOf(lines, offset);
        return locate(line, column);
      },
      resolve: (node) => (isAlias(node) ? node.resolve(document) : node),
      duplicates: [],
      nodesLeft: maxNodes,
    };
    const tree = readNode(reading, document.contents, { offset: 0, path: [] });
    const duplicates = reading.duplicates.map(({ offset, ...found }) => ({ ...positionOf(lines, offset), ...found }));
    return { tree, duplicates };
  } catch (error) {
    if (error instanceof UnreadableNode) return { problems: [problemAt(error.offset, error.message)] };
    throw error;
  }
}

function positionOf(lines: LineCounter, offset: number): { line: number; column: number } {
  // For an empty text the library returns line 0.
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

interface YamlReading {
  readonly originAt: (offset: number) => Origin;
  readonly resolve: (node: unknown) => unknown;
  readonly duplicates: (Pick<DuplicateKey, "path" | "hidden"> & { readonly offset: number })[];
  nodesLeft: number;
}

interface NodePlace {
  readonly offset: number;
  /** The names of maps and the indexes of lists that lead here. */
  readonly path: readonly string[];
}

class UnreadableNode extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

function readNode(reading: YamlReading, written: unknown, { offset, path }: NodePlace): Tree {
  reading.nodesLeft -= 1;
  if (reading.nodesLeft < 0) throw new UnreadableNode(offset, `there are more than ${maxNodes} values`);
  if (path.length > maxDepth) throw new UnreadableNode(offset, tooDeep);
  const node = reading.resolve(written);
  const origin = reading.originAt(offset);
  if (node === null) return { kind: "scalar", text: undefined, origin };
  if (isScalar(node)) return { kind: "scalar", text: textOf(node), origin };
  if (isMap(node)) return { kind: "map", entries: readMap(reading, node, { offset, path }), origin };
  if (isSeq(node)) {
    const items = node.items.map((item, index) =>
      readNode(reading, item, { offset: offsetOf(item) ?? offset, path: [...path, String(index)] }),
    );
    return { kind: "list", items, origin };
  }
  throw new UnreadableNode(offset, `there is no anchor &${isAlias(written) ? written.source : ""}`);
}

/** Undefined: an explicit or implied null. */
function textOf({ value, type }: Scalar): string | undefined {
  const text = String(value);
  return type === "PLAIN" && /^(?:~|null|)$/i.test(text) ? undefined : text;
}

/** An entry's place is that of its key. The map's own entries win over merged ones. */
function readMap(reading: YamlReading, map: YAMLMap, { offset, path }: NodePlace): Map<string, Tree> {
  const entries = new Map<string, Tree>();
  const merged = new Map<string, Tree>();
  for (const { key, value } of map.items) {
    const at = offsetOf(key) ?? offset;
    const name = reading.resolve(key);
    if (!isScalar(name)) throw new UnreadableNode(at, "a key must be plain text; a value with braces needs quotes");
    if (typeof name.value === "symbol") {
      const place = { offset: at, path: [...path, "<<"] };
      for (const [inner, tree] of mergeSource(reading, value, place)) if (!merged.has(inner)) merged.set(inner, tree);
      continue;
    }
    const written = textOf(name) ?? "";
    const place = { offset: at, path: [...path, written] };
    const last = readNode(reading, value ?? null, place);
    const earlier = entries.get(written);
    const { tree, hidden } = earlier === undefined ? { tree: last, hidden: [] } : overlay(earlier, last, place.path);
    if (earlier !== undefined) reading.duplicates.push({ ...place, hidden });
    entries.set(written, tree);
  }
  return new Map([...merged, ...entries]);
}

/** The entries that a merge key adds: of a map, or of a list of maps of which earlier ones win. */
function mergeSource(reading: YamlReading, value: unknown, place: NodePlace): readonly (readonly [string, Tree])[] {
  const source = readNode(reading, value, place);
  return (source.kind === "list" ? source.items : [source]).flatMap((map) => {
    if (map.kind !== "map") throw new UnreadableNode(place.offset, "only maps can be merged");
    return [...map.entries];
  });
}

function offsetOf(node: unknown): number | undefined {
  const range = typeof node === "object" && node !== null && "range" in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}
