import { expect, test } from "bun:test";
import { type MigrationEvent, migrateStore } from "../../../src/app/transfers/migrate.ts";
import { openCopiedStore } from "../../../src/app/transfers/places.ts";
import { parseRepositoryName } from "../../../src/oci/name.ts";
import { beginCatalog } from "../../../src/registry/catalog-entries.ts";
import { catalogKey, upstreamKey } from "../../../src/registry/layout.ts";
import { startCopyRun } from "../../../src/transfer/copy.ts";
import { load } from "../../config/written-file.ts";
import { stockedBucket } from "../../registry/on-bucket.ts";
import { named, pullImage, pushImage, type Stock, stocked, tagged } from "../../registry/stocked.ts";

const name = parseRepositoryName("hub/alpine");
if (name === undefined) throw new TypeError("no name");
const { configuration } = await load({});

async function migrate(from: Stock, to: Stock, signal = new AbortController().signal) {
  const events: MigrationEvent[] = [];
  let waitedBytes = 0;
  const summary = await migrateStore(
    openCopiedStore(from.store, configuration),
    openCopiedStore(to.store, configuration),
    {
      run: startCopyRun(() => {}, signal),
      throttle: async (sizeBytes) => {
        waitedBytes += sizeBytes;
      },
      report: (event) => events.push(event),
    },
  );
  return { summary, events, waitedBytes };
}

test("what another registry fills stays where it is, and everything else moves", async () => {
  const [from, to] = [stocked(), stocked()];
  await pushImage(from, "team/app", { tag: "v1", layers: ["one"] });
  await pushImage(from, "hub/alpine", { tag: "3", layers: ["two"] });
  await from.store.objects.put(upstreamKey(name), new TextEncoder().encode("docker.io"));
  const { summary, events, waitedBytes } = await migrate(from, to);
  expect(summary).toEqual({ repositories: 1, tags: 1, manifests: 1, cached: 1, problems: 0 });
  expect(events.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["cached hub/alpine", "repository team/app"]);
  expect([await pullImage(to, "team/app", tagged("v1")), waitedBytes > 0]).toEqual([true, true]);
});

test("a manifest without a tag moves, too", async () => {
  const [from, to] = [stocked(), stocked()];
  await pushImage(from, "team/app", { tag: "v1", layers: ["old"] });
  await pushImage(from, "team/app", { tag: "v1", layers: ["new"] });
  expect((await migrate(from, to)).summary).toMatchObject({ tags: 1, manifests: 2 });
});

test("it ends when it is told to", async () => {
  const [from, to] = [stocked(), stocked()];
  await pushImage(from, "team/app", { tag: "v1", layers: ["one"] });
  expect(migrate(from, to, AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
});

test("what another registry has put into a bucket moves, whatever the catalog knows", async () => {
  using bucket = stockedBucket();
  await beginCatalog(bucket.stock.store);
  await pushImage(bucket.stock, "team/app", { tag: "v1", layers: ["one"] });
  await pushImage(bucket.stock, "team/tool", { tag: "v1", layers: ["two"] });
  await bucket.stock.store.objects.delete(catalogKey(named("team/tool")));
  const to = stocked();
  expect((await migrate(bucket.stock, to)).summary).toMatchObject({ repositories: 2, problems: 0 });
  expect(await pullImage(to, "team/tool", tagged("v1"))).toBe(true);
});
