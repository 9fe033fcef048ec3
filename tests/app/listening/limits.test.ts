import { expect, test } from "bun:test";
import { limitsOf, orNone, shareOf } from "../../../src/app/listening/limits.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { usualLimits } from "../../../src/http/limits.ts";

async function limits(env: Readonly<Record<string, string>>, processes = 1) {
  const { configuration } = await loadConfiguration({ path: undefined, env, flags: {} });
  return limitsOf(configuration.http.limits, processes);
}

test("limitsOf() what nobody configured", async () => {
  expect(await limits({})).toEqual(usualLimits);
});

test("limitsOf() what is configured", async () => {
  const section =
    "{uploads: 2, sessions: 3, headersize: 8KiB, manifestsize: 1MiB, blobsize: 5GB, bodyrate: 10KB/s, stalltimeout: 5s}";
  expect(await limits({ REGISTRY_HTTP_LIMITS: section })).toEqual({
    maxHeadBytes: 8192,
    maxManifestBytes: 1024 * 1024,
    maxBlobBytes: 5e9,
    stallMs: 5000,
    bytesPerSecond: 10_000,
    blobWindowMs: 60_000,
    maxUploads: 2,
    maxSessions: 3,
  });
});

test("limitsOf() takes 0 for no limit", async () => {
  const none = await limits({
    REGISTRY_HTTP_LIMITS: "{uploads: 0, sessions: 0, blobsize: 0, bodyrate: 0, stalltimeout: 0s}",
  });
  const { maxBlobBytes, bytesPerSecond, maxUploads, maxSessions } = none;
  expect([maxBlobBytes, bytesPerSecond, maxUploads, maxSessions, none.stallMs > 1e9]).toEqual([
    Number.POSITIVE_INFINITY,
    0,
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    true,
  ]);
});

test.each([
  [0, Number.POSITIVE_INFINITY],
  [5, 5],
])("orNone(%p) is %p", (written, want) => {
  expect(orNone(written)).toBe(want);
});

test("limitsOf() one of several processes is its part, rounded up", async () => {
  const { maxUploads, maxSessions } = await limits({ REGISTRY_HTTP_LIMITS: "{uploads: 5, sessions: 1}" }, 2);
  expect([maxUploads, maxSessions, shareOf(0, 2)]).toEqual([3, 1, Number.POSITIVE_INFINITY]);
});
