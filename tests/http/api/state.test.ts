import { expect, test } from "bun:test";
import { noteRun } from "../../../src/registry/last-runs.ts";
import { memoryRegistry } from "../memory-registry.ts";
import { get } from "./asked-api.ts";

test("GET state tells the server, its schedules, its last runs and its caches", async () => {
  const memory = memoryRegistry();
  await noteRun({ ...memory.driver, now: () => 0, uuid: () => "" }, "collection", { freedBytes: 7 });
  const { api } = memory.options;
  const upstream = { host: "docker.io", url: "https://registry-1.docker.io/", state: "answering" } as const;
  const described = {
    version: "1.2.3",
    certificate: { names: ["localhost"], fingerprint: "AA", endsMs: 0, authorityFingerprint: "BB" },
    upstreams: [{ ...upstream, problem: undefined, remainingPulls: 5 }],
    cached: { hits: 1, misses: 2 },
    check: { intervalMs: 9 },
  };
  const schedule = { graceMs: 1, intervalMs: 2, deletesUntagged: true };
  const asked = memoryRegistry({ driver: memory.driver, api: { ...api, schedule, describe: () => described } });
  expect(await get(asked, "state")).toEqual({
    status: 200,
    version: "1.2.3",
    url: "http://registry.test",
    certificate: {
      names: ["localhost"],
      fingerprint: "AA",
      ends: "1970-01-01T00:00:00.000Z",
      authorityFingerprint: "BB",
    },
    isReadOnly: false,
    isDeletionEnabled: true,
    collection: {
      isScheduled: true,
      intervalMs: 2,
      graceMs: 1,
      deletesUntagged: true,
      last: { ended: "1970-01-01T00:00:00.000Z", freedBytes: 7 },
    },
    check: { isScheduled: true, intervalMs: 9, last: null },
    caches: [{ ...upstream, problem: null, remainingPulls: 5 }],
    cached: { hits: 1, misses: 2 },
  });
  expect(await get(memoryRegistry(), "state")).toMatchObject({
    certificate: null,
    collection: { isScheduled: false, intervalMs: null, last: null },
  });
});
