import { describe, expect, test } from "bun:test";
import { planRetry } from "../../../src/storage/s3/retries.ts";

const limits = { attempts: 4, totalMs: 10_000 };
const failed = (status: number, reason = "", retryAfterMs?: number) => ({ status, reason, retryAfterMs });

describe("planRetry()", () => {
  test.each([
    ["after the first attempt", failed(503, "SlowDown"), { attempts: 1, elapsedMs: 0, random: 0 }, 25],
    ["with all of the jitter", failed(503, "SlowDown"), { attempts: 1, elapsedMs: 0, random: 1 }, 50],
    ["twice as long each time", failed(0, "ECONNRESET"), { attempts: 3, elapsedMs: 0, random: 1 }, 200],
    ["as long as the store says", failed(503, "", 7000), { attempts: 1, elapsedMs: 0, random: 0 }, 7000],
    ["not beyond the time of all", failed(503, "", 7000), { attempts: 1, elapsedMs: 4000, random: 0 }, undefined],
    ["not too often", failed(500), { attempts: 4, elapsedMs: 0, random: 0 }, undefined],
    ["not after a refusal", failed(403, "AccessDenied"), { attempts: 1, elapsedMs: 0, random: 0 }, undefined],
    [
      "after a conflict of writers",
      failed(409, "ConditionalRequestConflict"),
      { attempts: 1, elapsedMs: 0, random: 0 },
      25,
    ],
    ["after a body that was too slow", failed(400, "RequestTimeout"), { attempts: 1, elapsedMs: 0, random: 0 }, 25],
    [
      "at once when the clock was wrong",
      failed(403, "RequestTimeTooSkewed"),
      { attempts: 1, elapsedMs: 0, random: 0 },
      0,
    ],
    ["but only once", failed(403, "RequestTimeTooSkewed"), { attempts: 2, elapsedMs: 0, random: 0 }, undefined],
  ])("%s", (_, failure, progress, want) => {
    expect(planRetry(failure, progress, limits)).toBe(want);
  });
});
