// From what was written to values: every key of the table, checked, with its default where nothing is said.

import type { Key } from "./key.ts";
import { formatOrigin, type Origin } from "./origin.ts";
import { type AnyKey, keyList } from "./schema.ts";
import { deepestAt, isBlankScalar, listItems, type Tree, treeAt } from "./tree.ts";
import type { ValueType } from "./value-type.ts";

/** One key of a resolved configuration and where its value was written. */
export interface Setting {
  readonly path: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** Every key by its path. */
export type Settings = ReadonlyMap<string, Setting>;

const maxShownLength = 60;

/** All settings, and one line for each value that is not allowed. */
export function resolveKeys(
  tree: Tree,
  { hasFile }: { hasFile: boolean },
): { settings: Settings; problems: readonly string[] } {
  const problems: string[] = [];
  const settings = new Map<string, Setting>();
  for (const key of keyList) {
    const written = treeAt(tree, key.path);
    const fallback: Setting = { path: key.path, value: defaultOf(key, hasFile), origin: { kind: "default" } };
    // An empty value says nothing, except of a switch, which is on where it is present.
    if (written === undefined || (isBlankScalar(written) && key.type.holds !== "switch")) {
      settings.set(key.path, fallback);
      continue;
    }
    const result = key.type.schema.safeParse(toPlain(written, key.type));
    if (result.success) settings.set(key.path, { path: key.path, value: result.data, origin: written.origin });
    else {
      settings.set(key.path, fallback);
      problems.push(...result.error.issues.map((issue) => formatIssue(key, written, issue)));
    }
  }
  return { settings, problems };
}

/** A key's value. */
export function settingValue<T>(settings: Settings, key: Key<T>): T {
  // The table gave the key its type, and resolveKeys let only values of that type in.
  return settings.get(key.path)?.value as T;
}

/** Where a key's value was written. */
export function settingOrigin(settings: Settings, key: { readonly path: string }): Origin {
  return settings.get(key.path)?.origin ?? { kind: "default" };
}

function defaultOf(key: AnyKey, hasFile: boolean): unknown {
  return !hasFile && "defaultWithoutFile" in key ? key.defaultWithoutFile : key.default;
}

function formatIssue(
  { path }: AnyKey,
  written: Tree,
  issue: { code: string; path: readonly PropertyKey[]; message: string },
): string {
  const tree = deepestAt(written, issue.path);
  const name = [path, ...issue.path.filter((segment) => typeof segment === "string")].join(".");
  // Some sentences begin with the value.
  const isAboutValue = issue.code !== "invalid_key" && tree.kind === "scalar" && tree.text !== undefined;
  const isShown = isAboutValue && !issue.message.startsWith(JSON.stringify(tree.text));
  const message = `${issue.message}${isShown ? `, not ${show(tree.text)}` : ""}`;
  // Who wrote a flag need not know the key that it stands for.
  return tree.origin.kind === "flag"
    ? `${tree.origin.name}: ${message}`
    : `${formatOrigin(tree.origin)}: ${name}: ${message}`;
}

function show(text: string): string {
  return JSON.stringify(text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text);
}

/** The written value as the schema takes it: one bare value is a list of one, and a map holds lists. */
function toPlain(tree: Tree, type: ValueType<unknown>): unknown {
  switch (type.holds) {
    case "scalar":
      return plain(tree, type.scalars);
    case "switch":
      return tree.kind === "map" || isBlankScalar(tree) ? true : plain(tree, type.scalars);
    case "list":
      return listItems(tree).map((item) => plain(item, type.scalars));
    case "map": {
      if (tree.kind !== "map") return plain(tree, type.scalars);
      const lists = [...tree.entries].map(([name, value]) => [
        name,
        listItems(value).map((item) => plain(item, type.scalars)),
      ]);
      return Object.fromEntries(lists);
    }
  }
}

function plain(tree: Tree, scalars: ValueType<unknown>["scalars"]): unknown {
  switch (tree.kind) {
    case "scalar":
      return tree.text === undefined ? null : readScalar(tree.text, scalars);
    case "list":
      return tree.items.map((item) => plain(item, scalars));
    case "map":
      return Object.fromEntries([...tree.entries].map(([name, value]) => [name, plain(value, scalars)]));
  }
}

/** What cannot be read as it should stays text, which the schema then refuses with a sentence. */
function readScalar(text: string, scalars: ValueType<unknown>["scalars"]): unknown {
  switch (scalars) {
    case "text":
      return text;
    case "word":
      return text.toLowerCase();
    case "boolean":
      if (/^(?:y|yes|true|on)$/i.test(text)) return true;
      return /^(?:n|no|false|off)$/i.test(text) ? false : text;
    case "number":
      return /^(?:0|-?[1-9]\d*)$/.test(text) ? Number(text) : text;
  }
}
