import { describe, expect, test } from "bun:test";
import { Notices, scopeOf } from "../../../src/storage/s3/notices.ts";
import { openBucket } from "./bucket.ts";

function noticing(options: Parameters<typeof openBucket>[0] = {}) {
  const bucket = openBucket(options);
  let count = 0;
  const newId = () => `id-${++count}`;
  return { ...bucket, notices: new Notices(bucket.objects, { prefix: "notices/", newId }) };
}

describe("notices", () => {
  test("name what may go, each in its scope", async () => {
    const { engine, notices } = noticing({ pageSize: 1 });
    await notices.put("blobs", ["a", "b"], { seconds: 60 });
    const { key, expiring } = await notices.put("blobs", ["c"], { seconds: 900 });
    await notices.put(scopeOf("app"), ["d"], { seconds: 60 });
    const noticed = await notices.list("blobs");
    expect([["a", "b", "c", "d"].map((each) => noticed.has(each)), key, expiring, engine.text(key)]).toEqual([
      [true, true, true, false],
      "notices/blobs/900-id-2",
      { asOfMs: engine.nowMs, seconds: 900 },
      "c",
    ]);
  });

  test("are read once, and listed each time", async () => {
    const { engine, notices } = noticing();
    const notice = await notices.put("blobs", ["a"], { seconds: 60 });
    await notices.list("blobs");
    await notices.list("blobs");
    await notices.remove(notice);
    const after = await notices.list("blobs");
    expect([after.has("a"), engine.requests.map(({ method, key }) => `${method} ${key}`)]).toEqual([
      false,
      [`PUT ${notice.key}`, "GET ", `GET ${notice.key}`, "GET ", `DELETE ${notice.key}`, "GET "],
    ]);
  });

  test("count until the store refuses their requests, and are removed by anybody afterwards", async () => {
    const { engine, notices } = noticing();
    await notices.put("blobs", ["a"], { seconds: 60 });
    const outcomes: unknown[] = [];
    for (const waitMs of [180_000, 1_000]) {
      engine.nowMs += waitMs;
      outcomes.push((await notices.list("blobs")).has("a"), await notices.sweep(), engine.keys().length);
    }
    expect(outcomes).toEqual([true, 0, 1, false, 1, 0]);
  });

  test("that go while they are read have gone", async () => {
    const { engine, notices } = noticing();
    const { key } = await notices.put("blobs", ["a"], { seconds: 60 });
    engine.fault = (request) => {
      if (request.method === "GET" && request.key === key) engine.objects.remove(key);
      return undefined;
    };
    expect((await notices.list("blobs")).has("a")).toBe(false);
  });

  test("that cannot be read are never taken for none", async () => {
    const { engine, notices } = noticing({ limits: { attempts: 1, totalMs: 1 } });
    const { key } = await notices.put("blobs", ["a"], { seconds: 60 });
    engine.fault = (request) => (request.key === key ? { kind: "dropped" } : undefined);
    const dropped = await notices.list("blobs").catch((error: Error) => error.name);
    engine.fault = () => undefined;
    engine.objects.set(key, new Uint8Array(9 * 1024 * 1024));
    const large = await notices.list("blobs").catch((error: Error) => error.name);
    expect([dropped, large]).toEqual(["S3Failure", "S3Failure"]);
  });

  test("are no others than those that look like it", async () => {
    const { engine, notices } = noticing();
    engine.objects.set("notices/blobs/.60-x.sgwtmp.1", new Uint8Array());
    engine.objects.set("notices/blobs/note", new Uint8Array());
    engine.nowMs += 86_400_000;
    expect([await notices.sweep(), engine.keys().length]).toEqual([0, 2]);
  });

  test("that took too long to be put are not relied on", async () => {
    const { engine, notices, objects } = noticing();
    await objects.stat("to learn the time");
    engine.fault = () => {
      engine.nowMs += 61_000;
      return undefined;
    };
    const failure = await notices.put("blobs", ["a"], { seconds: 60 }).catch((error: Error) => error.message);
    expect(failure).toBe("PUT notices/blobs/60-id-1 was not answered (soon enough to count)");
  });

  test("name ten thousand keys at most", async () => {
    const { notices } = noticing();
    const keys = Array.from({ length: 10_001 }, String);
    expect(await notices.put("blobs", keys, { seconds: 60 }).catch((error: Error) => error.message)).toBe(
      "10001 keys in a notice",
    );
  });
});

test("scopeOf() is a name that needs no escape", () => {
  expect(scopeOf("team/app")).toMatch(/^r-[0-9a-f]{16}$/);
});
