import { describe, expect, test } from "bun:test";
import { Notices } from "../../../src/storage/s3/notices.ts";
import { beginRemoving } from "../../../src/storage/s3/removing.ts";
import { bytesOf, openBucket } from "./bucket.ts";

async function removing(keys: readonly string[], options: Parameters<typeof openBucket>[0] = {}) {
  const bucket = openBucket({ limits: { attempts: 2, totalMs: 60_000 }, ...options });
  const notices = new Notices(bucket.objects, { prefix: "notices/", newId: () => "1" });
  for (const key of keys) await bucket.objects.put(key, bytesOf(key));
  return {
    ...bucket,
    notices,
    removing: await beginRemoving(bucket.objects, { notices, scope: "r-1", keys, seconds: 60 }),
  };
}

const messageOf = async (work: Promise<unknown>) => await work.then(String, (error: Error) => error.message);

describe("what was announced", () => {
  test("goes, or is replaced if it is the same, and then the announcement is over", async () => {
    const { engine, removing: begun, objects } = await removing(["a", "b", "c", "d"]);
    const judged = await objects.stat("d");
    const during = engine.keys().includes("notices/r-1/60-1");
    await begun.delete("a");
    const refused = await begun.tryDeleteAll(["b", "c"]);
    const replaced = [
      await begun.replace("d", judged ?? { etag: "" }, bytesOf("")),
      await begun.replace("d", { etag: "other" }, bytesOf("x")),
    ];
    await begun[Symbol.asyncDispose]();
    expect([during, refused, replaced, engine.keys(), engine.text("d")]).toEqual([true, [], [true, false], ["d"], ""]);
  });

  test("is signed as of the announcement, over connections of their own", async () => {
    const { engine, removing: begun, objects } = await removing(["a", "b"]);
    engine.nowMs += 30_000;
    engine.requests.length = 0;
    await begun.delete("a");
    await begun.deleteAll(["b"]);
    await begun.replace("a", { etag: "x" }, bytesOf(""));
    await objects.stat("d");
    // A look comes before each deletion, and after a replacement that was refused.
    const writes = engine.requests.filter(({ method, key }) => !["HEAD", "GET"].includes(method) || key === "d");
    const times = writes.map(({ signedMs, expiresSeconds, isKeptAlive }) => [
      signedMs - engine.nowMs,
      expiresSeconds,
      isKeptAlive,
    ]);
    expect(times).toEqual([
      [-30_000, 60, false],
      [-30_000, 60, false],
      [-30_000, 60, false],
      [0, undefined, true],
    ]);
  });

  test("and nothing else is taken away", async () => {
    const { engine, removing: begun } = await removing(["a"]);
    expect([
      await messageOf(begun.delete("b")),
      await messageOf(begun.deleteAll(["a", "b"])),
      engine.text("a"),
    ]).toEqual(["b was not announced", "b was not announced", "a"]);
  });

  test("stays when it took too long, whichever clock is asked", async () => {
    const known = await removing(["a"]);
    known.engine.nowMs += 61_000;
    const byOwnClock = await messageOf(known.removing.delete("a"));
    // Frozen between its look at the clock and the arrival of its request.
    const frozen = await removing(["a"]);
    frozen.engine.fault = ({ method }) => {
      if (method === "DELETE") frozen.engine.nowMs += 61_000;
      return undefined;
    };
    const byStore = [await messageOf(frozen.removing.delete("a")), await messageOf(frozen.removing.delete("a"))];
    await frozen.removing[Symbol.asyncDispose]();
    const over = "what was announced took too long; a was left as it is";
    expect([byOwnClock, byStore, known.engine.text("a"), frozen.engine.keys()]).toEqual([
      over,
      [over, over],
      "a",
      ["a"],
    ]);
  });

  test.each(["lost", "dropped", "late"] as const)(
    "stays announced after an answer that did not come (%s)",
    async (kind) => {
      for (const send of ["delete", "deleteAll", "replace"] as const) {
        const { engine, removing: begun, objects } = await removing(["a"]);
        const judged = (await objects.stat("a")) ?? { etag: "" };
        engine.fault = ({ isKeptAlive }) => (isKeptAlive ? undefined : { kind });
        const requests = {
          delete: () => begun.delete("a"),
          deleteAll: () => begun.deleteAll(["a"]),
          replace: () => begun.replace("a", judged, bytesOf("x")),
        };
        await messageOf(requests[send]());
        await begun[Symbol.asyncDispose]();
        expect([send, engine.keys().includes("notices/r-1/60-1")]).toEqual([send, true]);
      }
    },
  );

  test("that the store refuses to delete is told", async () => {
    const { client, removing: begun } = await removing(["a", "b"]);
    const send = async () =>
      new Response("<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code></Error></DeleteResult>");
    Object.assign(client.options, { send });
    expect(await messageOf(begun.deleteAll(["a", "b"]))).toBe(
      "POST of the bucket (delete) was answered 200 refusing 1 of 2, b among them",
    );
  });

  test("stays announced when the store says no for another reason", async () => {
    const { engine, removing: begun } = await removing(["a"]);
    engine.fault = ({ method }) =>
      method === "DELETE" ? { kind: "refused", status: 403, code: "AccessDenied" } : undefined;
    const failure = await messageOf(begun.delete("a"));
    engine.fault = () => undefined;
    await begun[Symbol.asyncDispose]();
    expect([failure, engine.keys()]).toEqual(["DELETE a was answered 403 AccessDenied", ["a", "notices/r-1/60-1"]]);
  });
});
