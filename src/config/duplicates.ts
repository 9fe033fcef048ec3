// Repeated keys. The registries in Go start with such a file, and so does this one, unless the earlier value protected
// something: its writer must not believe that it still does.

import type { Node } from "./node.ts";
import { root } from "./schema.ts";
import type { DuplicateKey } from "./yaml.ts";

/** One line each, without the file's name. */
export interface DuplicateFindings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** What the writer of repeated keys should know. */
export function judgeDuplicates(duplicates: readonly DuplicateKey[]): DuplicateFindings {
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const { line, column, path, hidden } of duplicates) {
    const at = `${line}:${column}: ${path.join(".")}: the key is repeated here`;
    const unprotected = hidden.find((names) => isProtective(root, names));
    if (unprotected === undefined) warnings.push(`${at}; the last one counts`);
    else problems.push(`${at} and hides the earlier ${unprotected.join(".")}; remove one of them`);
  }
  return { problems, warnings };
}

/** Also true of a whole section in which there may be such a key. */
function isProtective(node: Node, [name, ...rest]: readonly string[]): boolean {
  if (node.about.isProtective === true) return true;
  if (name === undefined) return [...node.children.values()].some((child) => isProtective(child, []));
  const child = node.children.get(name);
  return child !== undefined && isProtective(child, rest);
}
