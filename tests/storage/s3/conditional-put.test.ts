import { describe, expect, test } from "bun:test";
import { type ConditionalPut, putConditionally } from "../../../src/storage/s3/conditional-put.ts";
import { bytesOf, openBucket } from "./bucket.ts";
import type { Fault } from "./engine.ts";
import { md5 } from "./engine-objects.ts";

const etagOf = (text: string) => md5(bytesOf(text));
const put = (text: string, expected: string): ConditionalPut => ({
  key: "k",
  bytes: bytesOf(text),
  expected: expected === "nothing" ? expected : { etag: etagOf(expected) },
});

/** Makes the put under these faults, one for each put that is sent. */
async function putUnder(
  faults: readonly (Fault | undefined)[],
  before: string | undefined,
  wanted: ReturnType<typeof put>,
) {
  const { engine, objects } = openBucket();
  if (before !== undefined) engine.objects.set("k", bytesOf(before));
  const left = [...faults];
  engine.fault = ({ method }) => (method === "PUT" ? left.shift() : undefined);
  const outcome = await putConditionally(objects, wanted);
  return { isPut: outcome.isPut, text: engine.text("k"), engine };
}

describe("putConditionally()", () => {
  test.each([
    ["nothing is there, as expected", undefined, put("1", "nothing"), true, "1"],
    ["something is there", "0", put("1", "nothing"), false, "0"],
    ["the expected one is there", "0", put("1", "0"), true, "1"],
    ["another one is there", "2", put("1", "0"), false, "2"],
    ["none is there", undefined, put("1", "0"), false, undefined],
  ])("%s", async (_, before, wanted, isPut, text) => {
    const outcome = await putUnder([], before, wanted);
    expect([outcome.isPut, outcome.text]).toEqual([isPut, text]);
  });

  test.each([
    ["an answer that was lost", [{ kind: "lost" }]],
    ["an answer that says something else", [{ kind: "misreported", status: 500, code: "UnknownError" }]],
    ["a request that was dropped", [{ kind: "dropped" }]],
    ["a store that wants it slower", [{ kind: "refused", status: 503, code: "SlowDown" }]],
    ["a conflict that passes", [{ kind: "refused", status: 409, code: "ConditionalRequestConflict" }]],
    ["one after the other", [{ kind: "dropped" }, { kind: "misreported", status: 500, code: "" }]],
  ] as [string, Fault[]][])("knows its own after %s", async (_, faults) => {
    const created = await putUnder(faults, undefined, put("1", "nothing"));
    const replaced = await putUnder(faults, "0", put("1", "0"));
    expect([created.isPut, created.text, replaced.isPut, replaced.text]).toEqual([true, "1", true, "1"]);
  });

  test.each(["dropped", "lost", "late"] as const)(
    "is not put when another one came meanwhile and its answer was %s",
    async (kind) => {
      const { engine, objects } = openBucket();
      engine.objects.set("k", bytesOf("0"));
      let isFirst = true;
      engine.fault = ({ method }) => {
        if (method !== "PUT" || !isFirst) return undefined;
        isFirst = false;
        if (kind !== "lost") engine.objects.set("k", bytesOf("2"));
        else queueMicrotask(() => queueMicrotask(() => engine.objects.set("k", bytesOf("2"))));
        return { kind };
      };
      const { isPut } = await putConditionally(objects, put("1", "0"));
      await engine.arrive();
      expect([isPut, engine.text("k")]).toEqual([false, "2"]);
    },
  );

  test.each([
    ["before", 1000, false],
    ["since", 0, true],
  ])("the same bytes that were there %s the time it is signed as of count accordingly", async (_, ageMs, isPut) => {
    const { engine, objects } = openBucket();
    engine.objects.set("k", bytesOf("1"));
    engine.nowMs += ageMs;
    const expiring = { asOfMs: engine.nowMs, seconds: 60 };
    expect((await putConditionally(objects, put("1", "nothing"), { expiring })).isPut).toBe(isPut);
  });

  test("one that arrives late changes nothing once another one was put", async () => {
    const { engine, text, isPut } = await putUnder([{ kind: "late" }], "0", put("1", "0"));
    engine.objects.set("k", bytesOf("2"));
    await engine.arrive();
    expect([isPut, text, engine.text("k")]).toEqual([true, "1", "2"]);
  });

  test("of many that want the same, one gets it", async () => {
    const { objects, engine } = openBucket();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, n) => putConditionally(objects, put(`${n}`, "nothing"))),
    );
    const winners = outcomes.flatMap(({ isPut }, n) => (isPut ? [`${n}`] : []));
    expect([winners.length, engine.text("k")]).toEqual([1, winners[0]]);
  });

  test("a refusal is thrown, and a store that stays ill is given up", async () => {
    const { engine, objects } = openBucket({ limits: { attempts: 2, totalMs: 60_000 } });
    const answers: unknown[] = [];
    for (const fault of [{ kind: "refused", status: 403, code: "AccessDenied" }, { kind: "dropped" }] as const) {
      engine.fault = ({ method }) => (method === "PUT" ? fault : undefined);
      answers.push(await putConditionally(objects, put("1", "nothing")).catch((error: Error) => error.message));
    }
    expect(answers).toEqual(["PUT k was answered 403 AccessDenied", "PUT k was not answered (ECONNRESET)"]);
  });

  test("quotes ETags for a store that wants it", async () => {
    const { engine, objects } = openBucket({ isQuoteWanted: true });
    const quoting = openBucket({ engine, isQuoted: true });
    engine.objects.set("k", bytesOf("0"));
    const bare = await putConditionally(objects, put("1", "0"));
    const quoted = await putConditionally(quoting.objects, put("1", "0"));
    expect([bare.isPut, quoted.isPut]).toEqual([false, true]);
  });
});
