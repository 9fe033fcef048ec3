// What goes with a collection, and what a dry run says of it, is in gc.test.ts.
import { expect, test } from "bun:test";
import { removeEmptyDirectories } from "../../../src/registry/gc/directories.ts";
import { startRun } from "../../../src/registry/gc/run.ts";
import { repositoriesPrefix } from "../../../src/registry/layout.ts";
import { type Stocked, stocked, stockedListed } from "../stocked.ts";

const graceMs = 1000;

/** What a run removes from a store with an empty directory that is past the grace and one that is not. */
async function removed({ store, wait }: Stocked): Promise<readonly string[]> {
  await store.directory.makePrefix(`${repositoriesPrefix}/old`);
  wait(graceMs);
  await store.directory.makePrefix(`${repositoriesPrefix}/young`);
  const subjects: string[] = [];
  const report = (event: { readonly kind: string; readonly subject?: string }) =>
    void subjects.push(`${event.subject}`);
  await removeEmptyDirectories(startRun(store, { graceMs, isDryRun: false, report }));
  return subjects;
}

test("removeEmptyDirectories() takes those that are past the grace", async () => {
  expect(await removed(stocked())).toEqual([`${repositoriesPrefix}/old`]);
});

test("removeEmptyDirectories() looks for none in a store that can only have objects", async () => {
  expect(await removed(stockedListed())).toEqual([]);
});
