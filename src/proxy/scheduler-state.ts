// The file in which registry:2 and registry:3 record when cached content expires. It tells which repositories were
// caches. It is only read, so that one can go back.
//
//   { "library/busybox@sha256:…": { "Key": "…", "ExpiryData": "2026-…", "EntryType": 0 }, … }
import { parseJsonObject } from "../lib/json-object.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/name.ts";

/** Its name in the data directory. */
export const schedulerStateFile = "scheduler-state.json";

/** The repositories that it names; undefined if it cannot be parsed, as after a crash. */
export function parseSchedulerState(text: string): ReadonlySet<RepositoryName> | undefined {
  const entries = parseJsonObject(text);
  if (entries === undefined) return undefined;
  const names = Object.keys(entries).flatMap(
    (key) => parseRepositoryName(key.slice(0, Math.max(key.indexOf("@"), 0))) ?? [],
  );
  return new Set(names);
}
