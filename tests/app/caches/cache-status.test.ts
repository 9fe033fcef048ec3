import { expect, test } from "bun:test";
import { CacheStatus } from "../../../src/app/caches/cache-status.ts";

const known = [
  { host: "docker.io", url: "https://registry-1.docker.io/" },
  { host: "ghcr.io", url: "https://ghcr.io/" },
];
const asked = { kind: "request", method: "GET", url: "https://ghcr.io/v2/", durationMs: 1 } as const;

test("CacheStatus tells how each upstream last answered, and what it still allows", () => {
  const status = new CacheStatus();
  status.note({ ...asked, upstream: "ghcr.io", status: 0, reason: "connection refused" });
  status.note({ kind: "quota", upstream: "ghcr.io", remaining: 7 });
  status.note({ kind: "pull", type: "blob", isHit: true });
  status.note({ kind: "pull", type: "manifest", isHit: false });
  expect([status.describe(known), status.cached]).toEqual([
    [
      { ...(known[0] ?? { host: "", url: "" }), state: "unasked", problem: undefined, remainingPulls: undefined },
      { host: "ghcr.io", url: "https://ghcr.io/", state: "failing", problem: "connection refused", remainingPulls: 7 },
    ],
    { hits: 1, misses: 1 },
  ]);
  status.note({ ...asked, upstream: "ghcr.io", status: 503, reason: undefined });
  expect(status.describe(known)[1]).toMatchObject({ state: "failing", problem: "it answered 503" });
  status.note({ ...asked, upstream: "ghcr.io", status: 404, reason: undefined });
  expect(status.describe(known)[1]).toMatchObject({ state: "answering", problem: undefined, remainingPulls: 7 });
});
