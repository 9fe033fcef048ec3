import { expect, test } from "bun:test";
import { noteRun, readLastRun } from "../../src/registry/last-runs.ts";
import { lastRunKey } from "../../src/registry/layout.ts";
import { answering } from "../storage/intercepted.ts";
import { stocked, utf8 } from "./stocked.ts";

test("a run is noted with its time and its counts, each kind by itself", async () => {
  const { store } = stocked();
  expect(await readLastRun(store, "collection")).toBeUndefined();
  await noteRun(store, "collection", { freedBytes: 7 });
  expect(await readLastRun(store, "collection")).toEqual({ endedMs: store.now(), counts: { freedBytes: 7 } });
  expect(await readLastRun(store, "check")).toBeUndefined();
});

test.each(["", "no json", "[]", `{"endedMs":"1","counts":{}}`, `{"endedMs":1}`])(
  "a damaged note %p is none",
  async (text) => {
    const { store } = stocked();
    await store.objects.put(lastRunKey("check"), utf8(text));
    expect(await readLastRun(store, "check")).toBeUndefined();
  },
);

test("a note holds numbers alone, and a full disk has none", async () => {
  const full = stocked((driver) =>
    answering(driver, {
      objects: {
        put: async () => {
          throw Object.assign(new Error("full"), { code: "ENOSPC" });
        },
      },
    }),
  );
  await noteRun(full.store, "check", {});
  expect(await readLastRun(full.store, "check")).toBeUndefined();
  const { store } = stocked();
  await store.objects.put(lastRunKey("check"), utf8(`{"endedMs":1,"counts":{"lost":2,"x":"<script>"}}`));
  expect(await readLastRun(store, "check")).toEqual({ endedMs: 1, counts: { lost: 2 } });
});
