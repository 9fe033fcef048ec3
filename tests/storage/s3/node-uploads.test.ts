import { expect, test } from "bun:test";
import { errorCode } from "../../../src/lib/system-error.ts";
import { NodeUploads } from "../../../src/storage/s3/node-uploads.ts";
import { bytesOf } from "./bucket.ts";
import { uploading } from "./uploading.ts";

const key = "_uploads/1/data";
const target = "blobs/a";

function nodes() {
  const { engine, one, two } = uploading();
  return { engine, one: new NodeUploads(one.uploads), two: new NodeUploads(two.uploads) };
}

async function hold(uploads: NodeUploads, options: { readonly target?: string; readonly waitMs?: number } = {}) {
  const upload = await uploads.open(key, { waitMs: 0, preempted: new AbortController(), ...options });
  if (upload === undefined || upload === "busy") throw new Error(`no upload: ${upload}`);
  return upload;
}

const codeOf = (work: () => Promise<unknown>) => work().then(() => undefined, errorCode);

test("an upload of one request leaves nothing but its object, and asks for nothing but that", async () => {
  const { engine, one } = nodes();
  await one.create(key);
  {
    await using upload = await hold(one, { target });
    await upload.append([bytesOf("x")]);
    await upload.commit(target);
    await one.discard(key);
  }
  expect([
    engine.keys(),
    engine.requests.length,
    await one.open(key, { waitMs: 0, preempted: new AbortController() }),
  ]).toEqual([[target], 1, undefined]);
});

test.each([
  ["one delete if its bytes went to their place", "", ["DELETE"]],
  ["two if they were put aside before", "x", ["DELETE", "POST"]],
])(
  "nothing is left, nor listed, of an upload that was committed under the same hold: %s",
  async (_, aside, expected) => {
    const { engine, one, two } = nodes();
    await one.create(key, {});
    {
      await using earlier = await hold(two);
      await earlier.append([bytesOf(aside)]);
    }
    await using upload = await hold(one, { target });
    await upload.append([bytesOf("y")]);
    await upload.commit(target);
    engine.requests.length = 0;
    await one.discard(key);
    const sizeBytes = await one.size(key);
    expect([engine.keys(), engine.requests.map(({ method }) => method), sizeBytes]).toEqual([
      [target],
      [...expected, "GET"],
      undefined,
    ]);
  },
);

test("an owner that stands beside goes with it", async () => {
  const { engine, one } = nodes();
  await one.create(key, { owner: "alice" });
  await using upload = await hold(one, { target });
  await upload.commit(target);
  await one.discard(key);
  await one.size(key);
  expect(engine.keys()).toEqual([target]);
});

test("a process that is about to end can wait for what a committed upload has left", async () => {
  const { engine, one } = nodes();
  await one.create(key, { owner: "alice" });
  await using upload = await hold(one, { target });
  await upload.commit(target);
  await one.discard(key);
  const before = engine.keys().length;
  await one.settle();
  expect([before > 1, engine.keys()]).toEqual([true, [target]]);
});

test("whoever waits for an upload that is committed meanwhile waits for its end too", async () => {
  const { one } = nodes();
  await one.create(key, {});
  const upload = await hold(one, { target });
  const waiting = one.open(key, { waitMs: 10_000, preempted: new AbortController() });
  await upload.commit(target);
  await one.discard(key);
  await upload[Symbol.asyncDispose]();
  expect(await waiting).toBeUndefined();
});

test("an upload of one request that is given up leaves nothing", async () => {
  const { engine, one } = nodes();
  await one.create(key);
  {
    await using upload = await hold(one, { target });
    await upload.append([new Uint8Array(9 * 1024 ** 2)]);
    await one.cancel(key);
  }
  expect([engine.keys(), engine.multiparts.open.size]).toEqual([[], 0]);
});

test("on one node the newer request gets it, and on two the faster", async () => {
  const { one, two } = nodes();
  await one.create(key, {});
  const preempted = new AbortController();
  const older = await one.open(key, { waitMs: 1000, preempted });
  if (typeof older !== "object") throw new Error("no upload");
  preempted.signal.addEventListener("abort", () => void older[Symbol.asyncDispose]());
  const busy = await one.open(key, { waitMs: 0, preempted: new AbortController() });
  const newer = await hold(one, { waitMs: 1000 });
  const elsewhere = await hold(two);
  for (const upload of [newer, elsewhere]) await upload.append([bytesOf("x")]);
  await newer[Symbol.asyncDispose]();
  const slower = await codeOf(async () => await elsewhere[Symbol.asyncDispose]());
  expect([busy, preempted.signal.aborted, slower, await two.size(key)]).toEqual(["busy", true, "EBUSY", 1]);
});

test("what another node appended has another identity, and one's own the same", async () => {
  const { one, two } = nodes();
  await one.create(key, {});
  const identities: string[] = [];
  for (const node of [one, one, two, one]) {
    await using upload = await hold(node);
    identities.push(upload.identity);
    await upload.append([bytesOf("x")]);
    identities.push(upload.identity);
  }
  expect([identities[1] === identities[2], identities[3] === identities[6], new Set(identities).size]).toEqual([
    true,
    false,
    5,
  ]);
});

test("an upload that is cancelled while it is held is gone, and its holder hears nothing of that", async () => {
  const { engine, one } = nodes();
  await one.create(key, { owner: "alice" });
  const upload = await hold(one);
  await upload.append([new Uint8Array(9 * 1024 ** 2)]);
  await one.cancel(key);
  await upload[Symbol.asyncDispose]();
  expect([engine.keys(), engine.multiparts.open.size, await one.changedMs(key)]).toEqual([[], 0, undefined]);
});

test("a failure to open lets the next one open it", async () => {
  const { engine, one } = nodes();
  await one.protect();
  await one.create(key, {});
  engine.fault = () => ({ kind: "refused", status: 403, code: "AccessDenied" });
  const failure = await hold(one).catch((error: Error) => error.name);
  engine.fault = () => undefined;
  await using upload = await hold(one);
  expect([failure, upload.sizeBytes, await one.changedMs(key)]).toEqual(["S3Failure", 0, engine.nowMs]);
});
