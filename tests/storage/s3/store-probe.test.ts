import { describe, expect, test } from "bun:test";
import { probeStore } from "../../../src/storage/s3/store-probe.ts";
import { openBucket } from "./bucket.ts";
import type { Engine } from "./engine.ts";
import { answerError } from "./engine-request.ts";

const options = { prefix: "probe/", newId: () => "1" };

/** What the probe says of a store, and what it leaves there. */
async function probe(store: Parameters<typeof openBucket>[0] = {}, change: (engine: Engine) => void = () => {}) {
  const { engine, objects } = openBucket({ limits: { attempts: 2, totalMs: 60_000 }, ...store });
  change(engine);
  const traits = await probeStore(objects, options).catch((error: Error) => error.message);
  return { traits, left: engine.keys(), requests: engine.requests.length };
}

const fit = { isQuoted: false, isExpiryEnforced: true, areEtagsMd5: true, warnings: [] };

describe("a store", () => {
  test("that does everything is fit, and nothing is left there, after few requests", async () => {
    const { traits, left, requests } = await probe();
    expect([traits, left, requests < 60]).toEqual([fit, [], true]);
  });

  test("that wants quotes gets them", async () => {
    expect((await probe({ isQuoteWanted: true })).traits).toEqual({ ...fit, isQuoted: true });
  });

  test("that takes deletions at any time may be used without collecting", async () => {
    expect((await probe({ isExpiryEnforced: false })).traits).toEqual({
      ...fit,
      isExpiryEnforced: false,
      warnings: [
        "the object store carries out deletions that come too late: nothing is collected, and manifests cannot be deleted",
      ],
    });
  });

  test("that ignores conditions is not", async () => {
    expect((await probe({ isConditional: false })).traits).toBe(
      "the object store does not decide between several writers (If-None-Match): 8 of 8 won; a registry cannot rely on it",
    );
  });

  test("whose conditions fail when several come at once is not", async () => {
    const { traits } = await probe({}, ({ objects }) => {
      const answer = objects.answer.bind(objects);
      let isNext = false;
      objects.answer = (request) => {
        if (!request.headers.has("if-match")) return answer(request);
        // The second of them is judged by what was there before the first one.
        isNext = !isNext;
        return isNext
          ? answer(request)
          : new Response(null, { headers: { etag: objects.set(request.key, request.body).etag } });
      };
    });
    expect(traits).toContain("does not decide between several writers (If-Match)");
  });

  test("that puts parts of several writers together is not", async () => {
    const { traits } = await probe({}, (engine) => {
      engine.multiparts.isPartChecked = false;
    });
    expect(traits).toBe("the object store mixes parts of several writers; a registry cannot rely on it");
  });

  test.each([
    ["NoSuchBucket", 404, "there is no bucket images at store.test: create it, or set storage.s3.bucket"],
    ["AccessDenied", 403, "the bucket images at store.test may not be read and written with these credentials"],
    ["SignatureDoesNotMatch", 403, "store.test refuses the secret key: set storage.s3.secretkey and storage.s3.region"],
    ["SlowDown", 503, "the bucket images at store.test cannot be used"],
  ])("that answers %p is told in words", async (code, status, sentence) => {
    const { traits } = await probe({}, (engine) => {
      engine.objects.answer = () => answerError(status, code);
    });
    expect(traits).toBe(`${sentence} (PUT probe/1/read was answered ${status} ${code})`);
  });

  test("that is not there is told as well", async () => {
    const { traits } = await probe({}, (engine) => {
      engine.fault = () => ({ kind: "dropped" });
    });
    expect(traits).toBe(
      "the bucket images at store.test cannot be reached (PUT probe/1/read was not answered (ECONNRESET))",
    );
  });

  test("whose clock is far from the node's is fit, and that is said", async () => {
    expect([(await probe({ aheadMs: 600_000 })).traits, (await probe({ aheadMs: -3_600_000 })).traits]).toEqual([
      { ...fit, warnings: ["this machine's clock is 10 minutes ahead of the object store's"] },
      { ...fit, warnings: ["this machine's clock is 60 minutes behind the object store's"] },
    ]);
  });
});
