// A node whose object store fails: nothing is told that is not true, callers are told when to come again, and everything is
// as before once the store is back.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Client } from "../crash/client.ts";
import { Expectations } from "../crash/expectations.ts";
import { makeBytes, makeImage, pushMade } from "../crash/made-image.ts";
import { findDifferences } from "../crash/outcome.ts";
import type { StartedRegistry } from "../e2e/executable.ts";
import { digestOf } from "../e2e/image.ts";
import { requireGoProgram } from "../e2e/program.ts";
import { engines, type Halt, type RealEngine, startVersityGateway } from "../storage/s3/engines.ts";
import { startNode } from "./cluster.ts";
import { type FaultProxy, type StoreFault, startFaultProxy } from "./fault-proxy.ts";

const isThere = requireGoProgram("versitygw");

describe.skipIf(!isThere)("while the object store fails", () => {
  const stack = new AsyncDisposableStack();
  const seen = new Expectations();
  const image = makeImage({ layerBytes: 100_000 });
  let [engine, proxy, node]: [RealEngine?, FaultProxy?, StartedRegistry?] = [];

  beforeAll(async () => {
    engine = stack.use(await startVersityGateway());
    proxy = stack.use(startFaultProxy(engine));
    node = stack.use(await startNode(proxy));
    await pushMade(new Client(node, seen), "team/app", { image, tag: "1", way: "put" });
  });
  afterAll(async () => await stack.disposeAsync());

  const requests = requestsFor(image);

  test.each<StoreFault>(["SlowDown", "InternalError", "ExpiredToken", "AccessDenied"])(
    "with %s, nobody is told anything but 503 with Retry-After",
    async (fault) => {
      if (proxy === undefined || node === undefined) throw new Error("not started");
      const { fetch: ask } = node;
      proxy.fail(fault);
      const answers = await Promise.all(
        requests.map(async ([what, path, init]) => {
          const answer = await ask(path, init);
          return [what, answer.status, answer.headers.has("retry-after")] as const;
        }),
      );
      proxy.fail("none");
      expect(answers).toEqual(requests.map(([what]) => [what, 503, true]));
      expect(await findDifferences(node, seen)).toEqual([]);
    },
    120_000,
  );

  test("a moment of SlowDown is waited out", async () => {
    if (proxy === undefined || node === undefined) throw new Error("not started");
    let left = 5;
    proxy.fail("SlowDown", () => {
      left -= 1;
      return left >= 0;
    });
    expect((await node.fetch("/v2/team/app/manifests/1")).status).toBe(200);
    await new Client(node, seen).pushBlob("team/app", makeBytes(1000), "chunks");
    proxy.fail("none");
    expect(await findDifferences(node, seen)).toEqual([]);
  });
});

/** How soon everybody is told, with the pauses between tries, and the time that the store has to answer. */
const patienceMs: Readonly<Record<Halt, number>> = { killed: 15_000, frozen: 100_000 };
/** STORE_HALTS=killed,frozen has it stopped as well, which takes as long as a node has patience. */
const halts = (process.env.STORE_HALTS ?? "killed").split(",") as Halt[];

describe.each(engines)("while %s is gone", (_, start) => {
  test.each(halts)(
    "(%s) everybody is told to come again, in time, and all is as it was when it is back",
    async (how) => {
      await using engine = await start();
      await using node = await startNode(engine);
      const seen = new Expectations();
      const client = new Client(node, seen);
      const image = makeImage({ layerBytes: 100_000 });
      await pushMade(client, "team/app", { image, tag: "1", way: "put" });
      const goOn = await engine.halt(how);
      const startedMs = performance.now();
      const requests = requestsFor(image);
      const answers = await Promise.all(
        requests.map(async ([what, path, init]) => {
          const answer = await node.fetch(path, init);
          return [what, answer.status, answer.headers.has("retry-after")] as const;
        }),
      );
      const tookMs = performance.now() - startedMs;
      console.log(`${how}: told after ${Math.round(tookMs)} ms at most`);
      await goOn();
      expect([answers, tookMs < patienceMs[how]]).toEqual([requests.map(([what]) => [what, 503, true]), true]);
      expect(await findDifferences(node, seen)).toEqual([]);
      await pushMade(client, "team/app", { image: makeImage(), tag: "after", way: "chunks" });
      expect(await findDifferences(node, seen)).toEqual([]);
    },
    300_000,
  );
});

/** What is asked while the store fails. */
function requestsFor(image: ReturnType<typeof makeImage>): readonly (readonly [string, string, RequestInit])[] {
  const layer = `/v2/team/app/blobs/${digestOf(image.layer)}`;
  return [
    ["GET of a tag", "/v2/team/app/manifests/1", {}],
    ["HEAD of a tag", "/v2/team/app/manifests/1", { method: "HEAD" }],
    ["HEAD of a blob", layer, { method: "HEAD" }],
    ["GET of a blob", layer, { redirect: "manual" }],
    ["the tags", "/v2/team/app/tags/list", {}],
    ["the catalog", "/v2/_catalog", {}],
    ["POST of an upload", "/v2/team/app/blobs/uploads/", { method: "POST" }],
    ["PUT of a manifest", "/v2/team/app/manifests/2", putOf(image)],
    ["DELETE of a tag", "/v2/team/app/manifests/1", { method: "DELETE" }],
  ];
}

function putOf({ manifest }: ReturnType<typeof makeImage>): RequestInit {
  return { method: "PUT", headers: { "Content-Type": manifest.mediaType }, body: manifest.bytes };
}
