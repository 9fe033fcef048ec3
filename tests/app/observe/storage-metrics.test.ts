import { expect, test } from "bun:test";
import { withStorageMetrics } from "../../../src/app/observe/storage-metrics.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import type { Store } from "../../../src/registry/store.ts";
import { samplesOf } from "../../samples.ts";
import { answering } from "../../storage/intercepted.ts";
import { openMemory } from "../../storage/memory.ts";

const bytes = new TextEncoder().encode("bytes");

function measured(driver = openMemory()): { readonly store: Store; readonly metrics: Metrics } {
  const metrics = new Metrics();
  return { metrics, store: withStorageMetrics({ ...driver, now: Date.now, uuid: () => "id" }, metrics) };
}

test("calls of the driver are measured by distribution's names", async () => {
  const { store, metrics } = measured();
  await store.objects.put("a/b", bytes);
  await store.objects.read("a/b", 100);
  await store.objects.stat("a/b");
  await store.objects.open("a/b");
  await store.objects.list("a");
  await store.objects.delete("a/b");
  await (await store.changes.adding("a", { waitMs: 0 }))?.[Symbol.asyncDispose]();
  const counts = await samplesOf(metrics, /action_seconds_count/);
  const count = (action: string) => `registry_storage_action_seconds_count{action="${action}",driver="filesystem"} 1`;
  expect(counts).toEqual(["PutContent", "GetContent", "Stat", "Reader", "List", "Delete", "Lock"].map(count));
});

test("a call that fails is measured too", async () => {
  const fail = () => Promise.reject(new Error("EIO"));
  const { store, metrics } = measured(answering(openMemory(), { objects: { stat: fail } }));
  await store.objects.stat("a").catch(() => undefined);
  expect(await samplesOf(metrics, /action_seconds_count/)).toHaveLength(1);
});

test("uploads are counted, with the bytes that they bring", async () => {
  const { store, metrics } = measured();
  await store.uploads.create("up/data", {});
  const upload = await store.uploads.open("up/data", { waitMs: 0, preempted: new AbortController() });
  if (upload === undefined || upload === "busy") throw new Error("no upload");
  await upload.append([bytes, bytes]);
  const seen = [upload.sizeBytes, upload.isRemembered()];
  await upload.commit("blob/data");
  await upload[Symbol.asyncDispose]();
  expect([seen, await store.objects.stat("blob/data")]).toMatchObject([[10, true], { sizeBytes: 10 }]);
  expect(await samplesOf(metrics, /uploads/)).toEqual([
    "registry_uploads_started_total 1",
    "registry_uploads_finished_total 1",
    "registry_uploads_received_bytes_total 10",
  ]);
});

test("free space is read from the store, and left out where it cannot be", async () => {
  const space = async () => ({ freeBytes: 5, totalBytes: 9 });
  const { metrics } = measured(answering(openMemory(), { directory: { space } }));
  const failing = measured(answering(openMemory(), { directory: { space: () => Promise.reject(new Error("EIO")) } }));
  expect([await samplesOf(metrics, /storage.*_bytes /), await samplesOf(failing.metrics, /storage.*_bytes /)]).toEqual([
    ["registry_storage_free_bytes 5", "registry_storage_size_bytes 9"],
    [],
  ]);
});

test("distribution's cache of descriptors, which is not here, is shown as unused", async () => {
  expect(await samplesOf(measured().metrics, /storage_cache/)).toEqual([
    "registry_storage_cache_requests_total 0",
    "registry_storage_cache_hits_total 0",
    "registry_storage_cache_errors_total 0",
  ]);
});
