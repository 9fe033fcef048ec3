// Keys that stand in a file twice. The registries in Go start with such a file, and so does this one, unless the earlier
// value protected something: whoever wrote it must not believe that it still does.

import type { DuplicateKey } from "./yaml.ts";

const protecting = [
  "access",
  "auth",
  "http.net",
  "http.tls",
  "storage.delete",
  "storage.maintenance.readonly",
  "validation",
];

/** One line each, without the file's name. */
export interface DuplicateFindings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** What the writer of the duplicate keys should know. */
export function judgeDuplicates(duplicates: readonly DuplicateKey[]): DuplicateFindings {
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const { line, column, path, hidden } of duplicates) {
    const at = `${line}:${column}: ${path.join(".")}: the key stands here once more`;
    const unprotected = hidden.map((names) => names.join(".")).find(isProtecting);
    if (unprotected === undefined) warnings.push(`${at}; the last one counts`);
    else problems.push(`${at} and hides what was said of ${unprotected}; one of them has to go`);
  }
  return { problems, warnings };
}

/** Also where a whole section is hidden in which there may be such a key. */
function isProtecting(path: string): boolean {
  return protecting.some((key) => key === path || path.startsWith(`${key}.`) || key.startsWith(`${path}.`));
}
