// A dry run predicts exactly what a run does, whatever lies in the store: random histories of pushes, deletions,
// collections and damage.

import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Digest } from "../../../src/oci/digest.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { layerLink, layersPrefix, referrerLink, revisionLink, tagCurrentLink } from "../../../src/registry/layout.ts";
import { trashBlob } from "../disturbed.ts";
import { digestOf, named, pushBlob, pushImage, pushIndex, type Stocked, stocked, tagged, utf8 } from "../stocked.ts";
import { type CollectOptions, collect, graceMs } from "./collected.ts";

const runs = Number(process.env.FAST_CHECK_RUNS ?? 150);
const runsToRest = 3;
const names = ["a", "a/b", "c"] as const;
const texts = ["x", "y", "z"] as const;

/** What happened to a store; `pick` chooses among what is there. */
interface Event {
  readonly what: (typeof kinds)[number];
  readonly name: (typeof names)[number];
  readonly text: (typeof texts)[number];
  readonly pick: number;
}

const kinds = [
  "blob",
  "image",
  "untagged",
  "index",
  "signature",
  "delete manifest",
  "delete tag",
  "delete blob",
  "upload",
  "wait",
  "collect",
  "stale entry",
  "vacant link",
  "vacant tag",
  "empty directory",
  "leftover",
  "trash",
  "damaged link",
] as const;

const events = fc.array(
  fc.record<Event>({
    what: fc.constantFrom(...kinds),
    name: fc.constantFrom(...names),
    text: fc.constantFrom(...texts),
    pick: fc.nat(7),
  }),
  { minLength: 1, maxLength: 30 },
);

/** Carries one out; what cannot be done here changes nothing. */
async function happen(stock: Stocked, { what, name, text, pick }: Event, known: Digest[]): Promise<unknown> {
  const { store, registry } = stock;
  const chosen = known[pick % Math.max(known.length, 1)] ?? digestOf(text);
  const write = (key: string, content: string) => store.objects.put(key, utf8(content));
  switch (what) {
    case "blob":
      return await pushBlob(stock, name, text);
    case "image":
      return known.push(await pushImage(stock, name, { tag: text, layers: [text] }));
    case "untagged":
      return known.push(await pushImage(stock, name, { layers: [text, String(pick)] }));
    case "index":
      return known.push(await pushIndex(stock, name, { tag: `multi-${text}`, children: [chosen] }));
    case "signature":
      return known.push(await pushImage(stock, name, { layers: [`of ${text}`], subject: chosen }));
    case "delete manifest":
      return await registry.repository(named(name), anonymous()).manifests.delete(chosen);
    case "delete tag":
      return await registry.repository(named(name), anonymous()).tags.delete(tagged(text));
    case "delete blob":
      return await registry.repository(named(name), anonymous()).blobs.delete(digestOf(text));
    case "upload":
      return await registry.repository(named(name), anonymous()).uploads.start("sha256");
    case "wait":
      return stock.wait(pick * (graceMs / 4));
    case "collect":
      return await collect(stock, { deletesUntagged: pick % 2 === 0, graceMs: pick > 3 ? 0 : graceMs });
    case "stale entry":
      return await write(referrerLink(named(name), digestOf(text), chosen), chosen);
    case "vacant link":
      return await store.directory.makePrefix(`${layersPrefix(named(name))}/sha256/${digestOf(text).slice(7)}`);
    case "vacant tag":
      return await store.objects.delete(tagCurrentLink(named(name), tagged(text)), { isDurable: false });
    case "empty directory":
      return await store.directory.makePrefix(`docker/registry/v2/repositories/${name}/${text}`);
    case "leftover":
      return await write(`${layersPrefix(named(name))}/sha256/${digestOf(text).slice(7)}/link.1.tmp`, "");
    case "trash":
      return await trashBlob(stock, digestOf(text));
    case "damaged link":
      return await write(pick > 5 ? revisionLink(named(name), chosen) : layerLink(named(name), digestOf(text)), "");
  }
}

test("a dry run predicts exactly what a run does, and runs without a grace come to rest", async () => {
  const options = fc.record<CollectOptions>({
    deletesUntagged: fc.boolean(),
    graceMs: fc.constantFrom(0, graceMs),
  });
  const property = fc.asyncProperty(events, options, async (history, how) => {
    const stock = stocked();
    const known: Digest[] = [];
    for (const event of history) await happen(stock, event, known).catch(() => undefined);
    const predicted = await collect(stock, { ...how, isDryRun: true });
    const done = await collect(stock, how);
    expect(predicted).toEqual({ ...done, summary: { ...done.summary, isDryRun: true } });
    // And runs come to an end: links, then bytes, then what lay in the trash, and the directories of that.
    const thorough = { ...how, graceMs: 0 };
    for (let run = 0; run < runsToRest; run += 1) await collect(stock, thorough);
    expect((await collect(stock, thorough)).removals).toEqual([]);
  });
  await fc.assert(property, { numRuns: runs });
}, 60_000);
