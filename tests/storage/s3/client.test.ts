import { describe, expect, test } from "bun:test";
import { openBucket } from "./bucket.ts";

const get = { method: "GET", key: "a" } as const;

describe("a request", () => {
  test("is tried again until the store is well", async () => {
    const { engine, client, pauses } = openBucket();
    engine.objects.set("a", new Uint8Array([1]));
    const refused = { kind: "refused", status: 503, code: "SlowDown" } as const;
    const faults = [refused, { kind: "dropped" } as const, undefined];
    engine.fault = () => faults.shift();
    expect([[...(await client.ask(get)).bytes], pauses, engine.requests.length]).toEqual([[1], [25, 50], 3]);
  });

  test("is given up after a number of attempts, with the reason", async () => {
    const { engine, client } = openBucket({ limits: { attempts: 3, totalMs: 60_000 } });
    engine.fault = () => ({ kind: "refused", status: 503, code: "SlowDown" });
    const failure = await client.ask(get).catch((error: Error) => error.message);
    expect([failure, engine.requests.length]).toEqual(["GET a was answered 503 SlowDown", 3]);
  });

  test("that is made once is not tried again", async () => {
    const { engine, client } = openBucket();
    engine.fault = () => ({ kind: "lost" });
    await client.ask({ method: "DELETE", key: "a" }, { isOnce: true }).catch(() => {});
    expect(engine.requests.length).toBe(1);
  });

  test("is signed by the store's clock, whatever the node's says", async () => {
    for (const aheadMs of [-3_600_000, 86_400_000]) {
      const { engine, client } = openBucket({ aheadMs });
      engine.objects.set("a", new Uint8Array([1]));
      const answer = await client.ask(get);
      expect([answer.status, engine.requests.length, client.options.clock.skewMs()]).toEqual([200, 2, aheadMs]);
    }
  });

  test("whose status is expected is an answer, and another one none", async () => {
    const { client } = openBucket();
    const expected = (await client.ask(get, { expected: [404] })).status;
    const failure = await client.ask(get).catch((error: Error) => error.message);
    expect([expected, failure]).toEqual([404, "GET a was answered 404 NoSuchKey"]);
  });

  test("that expires is sent over a connection of its own, and refused when it is late", async () => {
    const { engine, client } = openBucket();
    engine.objects.set("a", new Uint8Array([1]));
    const expiring = { asOfMs: engine.nowMs - 61_000, seconds: 60 };
    const failure = await client.ask({ method: "DELETE", key: "a", expiring }).catch((error: Error) => error.message);
    expect([failure, engine.requests[0]?.isKeptAlive, engine.keys()]).toEqual([
      "DELETE a was answered 403 AccessDenied",
      false,
      ["a"],
    ]);
  });
});

describe("askXml()", () => {
  test("takes an error within an answer 200 for what it is, and tries again", async () => {
    const { engine, client } = openBucket();
    const faults = [{ kind: "refused", status: 200, code: "InternalError" } as const, undefined];
    engine.fault = () => faults.shift();
    const { root } = await client.askXml({ method: "GET", key: "", query: { "list-type": "2" } });
    expect([root.name, engine.requests.length]).toEqual(["ListBucketResult", 2]);
  });

  test("does not believe an answer that is no XML", async () => {
    const { engine, client } = openBucket({ limits: { attempts: 1, totalMs: 1 } });
    engine.objects.set("a", new TextEncoder().encode("<html><br></html>"));
    const failure = await client.askXml(get).catch((error: Error) => error.message);
    expect(failure).toBe("GET a was not answered (with XML)");
  });
});

test("credentials that the store finds ended are asked for anew", async () => {
  const { engine, client } = openBucket();
  const faults = [{ kind: "refused", status: 400, code: "ExpiredToken" } as const, undefined];
  engine.fault = () => faults.shift();
  engine.objects.set("a", new Uint8Array([1]));
  expect([(await client.ask(get)).status, engine.requests.length]).toEqual([200, 2]);
});
