import { describe, expect, test } from "bun:test";
import type { Claim } from "../../../src/storage/claims.ts";
import { BucketClaims } from "../../../src/storage/s3/bucket-claims.ts";
import { bytesOf, openBucket } from "./bucket.ts";
import type { Fault } from "./engine.ts";

const key = "proxy/sha256-aa-bb";

/** Two nodes that share a bucket. */
function claiming() {
  const bucket = openBucket();
  const open = (holder: string) => {
    const { objects } = openBucket({ engine: bucket.engine });
    return new BucketClaims(objects, { newId: () => crypto.randomUUID(), holder, seconds: 8 });
  };
  return { ...bucket, one: open("one"), two: open("two") };
}

/** Whether it is a claim, and not somebody else's. */
const isMade = (taken: Awaited<ReturnType<BucketClaims["take"]>>) => taken !== undefined && "end" in taken;

const refusal: Fault = { kind: "refused", status: 503, code: "SlowDown" };

async function hold(claims: BucketClaims, note = ""): Promise<Claim> {
  const claim = await claims.take(key, note);
  if (claim === undefined || !("end" in claim)) throw new Error(`no claim: ${claim?.holder}`);
  return claim;
}

describe("a claim", () => {
  test("is one node's; the others see whose, and what is noted with each sign of life", async () => {
    const { one, two } = claiming();
    const before = await two.look(key);
    const claim = await hold(one, "begun");
    const seen = [await two.take(key, ""), await two.look(key)];
    await claim.renew("half");
    expect([before, ...seen, await two.look(key), claim.lifetimeMs]).toEqual([
      "nobody",
      expect.objectContaining({ holder: "one", note: "begun" }),
      { id: expect.any(String), etag: expect.any(String), holder: "one", note: "begun", state: "held" },
      expect.objectContaining({ note: "half", state: "held" }),
      8000,
    ]);
  });

  test("of many nodes that want it at once one gets", async () => {
    const { engine } = claiming();
    const takes = Array.from({ length: 8 }, async (_, index) => {
      const { objects } = openBucket({ engine });
      const claims = new BucketClaims(objects, { newId: () => `id-${index}`, holder: `${index}`, seconds: 8 });
      return await claims.take(key, "");
    });
    const outcomes = await Promise.all(takes);
    expect(outcomes.filter(isMade).length).toBe(1);
  });

  test("is gone when it ends, or tells for a while how it ended; then anybody may have it", async () => {
    const { one, two, engine } = claiming();
    await (await hold(one)).end();
    const gone = [await two.look(key), engine.keys()];
    await (await hold(one)).end("in vain");
    const over = await two.look(key);
    await hold(two, "again");
    expect([...gone, over, await one.look(key)]).toEqual([
      "nobody",
      [],
      expect.objectContaining({ note: "in vain", state: "over" }),
      expect.objectContaining({ holder: "two", note: "again", state: "held" }),
    ]);
  });

  test("lasts as long as there are signs of life, by the store's clock, and is taken over by one after that", async () => {
    const { one, two, engine } = claiming();
    const claim = await hold(one);
    const seen: unknown[] = [];
    for (let second = 0; second < 24; second += 6) {
      engine.nowMs += 6000;
      await claim.renew(`${second}`);
      seen.push(isMade(await two.take(key, "")));
    }
    engine.nowMs += 9000;
    const lapsed = await two.look(key);
    const takes = await Promise.all([two.take(key, "mine"), one.take(key, "mine")]);
    expect([seen, lapsed, takes.filter(isMade).length]).toEqual([
      [false, false, false, false],
      expect.objectContaining({ state: "lapsed" }),
      1,
    ]);
  });

  test("that somebody else has by now is neither renewed nor removed by its first holder", async () => {
    const { one, two, engine } = claiming();
    const first = await hold(one);
    engine.nowMs += 9000;
    await hold(two, "second's");
    await first.renew("first's");
    await first.end();
    expect(await one.look(key)).toEqual(expect.objectContaining({ holder: "two", note: "second's", state: "held" }));
  });

  test("is ours although the answer was lost, when it is made and when it is renewed", async () => {
    const { one, two, engine } = claiming();
    let isLost = true;
    engine.fault = ({ method }) => (isLost && method === "PUT" ? { kind: "lost" } : undefined);
    const claim = await hold(one, "begun");
    await claim.renew("half");
    isLost = false;
    await claim.renew("more");
    const seen = await two.look(key);
    await claim.end();
    expect([seen, engine.keys()]).toEqual([expect.objectContaining({ holder: "one", note: "more" }), []]);
  });

  test("is not made while the store fails, without a third try and without a pause", async () => {
    const { one, engine, pauses } = claiming();
    engine.fault = ({ method }) => (method === "PUT" ? refusal : undefined);
    const unmade = await one.take(key, "");
    const asked = engine.requests.length;
    engine.fault = () => refusal;
    const unseen = [await one.take(key, ""), await one.look(key)];
    expect([unmade, asked, unseen, pauses, engine.keys()]).toEqual([undefined, 4, [undefined, undefined], [], []]);
  });

  test("that cannot be renewed or removed does not fail whoever works on it", async () => {
    const { one, two, engine } = claiming();
    const claim = await hold(one);
    engine.fault = () => refusal;
    await claim.renew("unheard");
    await claim.end();
    engine.fault = () => undefined;
    expect(await two.take(key, "")).toEqual(expect.objectContaining({ holder: "one", state: "held" }));
  });

  test("that nobody can read is nobody's", async () => {
    const { one, engine } = claiming();
    engine.objects.set(key, bytesOf("{"));
    await hold(one);
    expect(await one.look(key)).toEqual(expect.objectContaining({ holder: "one" }));
  });
});

test("what was left by nodes that died is swept an hour later, and nothing else below the prefix", async () => {
  const { one, engine } = claiming();
  await hold(one);
  engine.objects.set("proxy/eviction/pending", bytesOf("x"));
  await one.sweep("proxy");
  const early = engine.keys();
  engine.nowMs += 3_601_000;
  await one.sweep("proxy");
  expect([early, engine.keys()]).toEqual([["proxy/eviction/pending", key], ["proxy/eviction/pending"]]);
});
