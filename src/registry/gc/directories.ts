// Directories without anything in them, which killed pushes and other registries leave behind.
import { parseRepositoryName } from "../../oci/name.ts";
import type { Key } from "../../storage/ports.ts";
import { repositoriesPrefix, upstreamKey } from "../layout.ts";
import { removeIfEmpty, removeUpwards, walkEmptyPrefixes } from "../repositories.ts";
import { hasDirectories } from "../view.ts";
import { reasons, removalIn } from "./report.ts";
import type { GcRun } from "./run.ts";

/** Only those outside of repositories. A young one stays, since its creator may be about to fill it. */
export async function removeEmptyDirectories(run: GcRun): Promise<void> {
  const { store } = run;
  if (!hasDirectories(store)) return;
  for await (const prefix of walkEmptyPrefixes(run.store, repositoriesPrefix)) {
    await run.pace();
    const changedMs = await store.directory.prefixTime(prefix);
    if (changedMs === undefined || run.isYoung(changedMs)) continue;
    if (!(await removeEmptyDirectory(run, prefix))) continue;
    const repository = prefix.slice(repositoriesPrefix.length + 1);
    run.report(removalIn(repository, { what: "directory", subject: prefix, reason: reasons.directory }));
  }
}

/** One may hold the marker of a cached repository, which is written first, if filling or evicting it was killed. */
async function removeEmptyDirectory({ store, isDryRun }: GcRun, prefix: Key): Promise<boolean> {
  const name = parseRepositoryName(prefix.slice(repositoriesPrefix.length + 1));
  const isMarked = name !== undefined && (await store.objects.stat(upstreamKey(name))) !== undefined;
  if (isDryRun) return (await store.directory.countObjects(prefix)) === (isMarked ? 1 : 0);
  if (!isMarked) return await removeUpwards(store, prefix);
  await using removing = await store.changes.removing(name, { keys: [], waitMs: 0 });
  if (removing === undefined) return false;
  await removeIfEmpty(store, name);
  return (await store.directory.prefixTime(prefix)) === undefined;
}
