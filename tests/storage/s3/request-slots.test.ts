import { describe, expect, test } from "bun:test";
import { RequestSlots } from "../../../src/storage/s3/request-slots.ts";
import { bytesOf, openBucket } from "./bucket.ts";

describe("slots", () => {
  test("are taken in turn, and free whatever came of the work", async () => {
    const slots = new RequestSlots({ short: 2, long: 1, patienceMs: 10 });
    const order: number[] = [];
    let [now, most] = [0, 0];
    const work = async (index: number) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      order.push(index);
      if (index === 1) throw new Error("failed");
    };
    await Promise.allSettled([0, 1, 2, 3, 4].map((index) => slots.run(() => work(index))));
    expect([order, most, now]).toEqual([[0, 1, 2, 3, 4], 2, 0]);
  });

  test("of downloads are waited for a while, and never those of short requests", async () => {
    const slots = new RequestSlots({ short: 1, long: 1, patienceMs: 10 });
    const first = await slots.hold("GET a");
    const refused = await slots.hold("GET b").catch((error: Error) => error.message);
    const meanwhile = await slots.run(async () => "done");
    const waiting = slots.hold("GET c");
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    (await waiting)[Symbol.dispose]();
    using _again = await slots.hold("GET d");
    expect([refused, meanwhile]).toEqual(["GET b was answered 503 TooManyDownloads", "done"]);
  });
});

test("a download holds its slot until it is read, or given up, or has failed", async () => {
  const { engine, client, objects } = openBucket({
    slots: new RequestSlots({ short: 1, long: 1, patienceMs: 5 }),
    limits: { attempts: 1, totalMs: 1 },
  });
  await objects.put("k", bytesOf("bytes"));
  const get = { method: "GET", key: "k" } as const;
  const seen: unknown[] = [];
  const first = await client.stream(get);
  seen.push(await client.stream(get).catch((error: Error) => error.message));
  for await (const _ of first.chunks());
  for await (const _ of (await client.stream(get)).chunks()) break;
  engine.fault = () => ({ kind: "dropped" });
  for (let count = 0; count < 3; count += 1) seen.push(await client.stream(get).catch((error: Error) => error.message));
  const failed = "GET k was not answered (ECONNRESET)";
  expect(seen).toEqual(["GET k was answered 503 TooManyDownloads", failed, failed, failed]);
});
