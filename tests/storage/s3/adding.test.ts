import { expect, test } from "bun:test";
import { BucketAdding } from "../../../src/storage/s3/adding.ts";
import { Notices, scopeOf } from "../../../src/storage/s3/notices.ts";
import { bytesOf, openBucket } from "./bucket.ts";

async function adding() {
  const bucket = openBucket();
  const notices = new Notices(bucket.objects, { prefix: "notices/", newId: () => "1" });
  const scope = scopeOf("app");
  for (const key of ["link", "noticed", "blob"]) await bucket.objects.put(key, bytesOf(key));
  await notices.put(scope, ["noticed", "gone"], { seconds: 60 });
  await notices.put("blobs", ["blob"], { seconds: 60 });
  return { ...bucket, adding: new BucketAdding(bucket.objects, { notices, scope, seconds: 60 }) };
}

test("links stand if they are there and in no notice of their repository", async () => {
  const { adding: added } = await adding();
  expect([
    await added.stands(["link", "blob"]),
    await added.stands(["link", "noticed"]),
    await added.stands(["link", "absent"]),
    await added.stands([]),
  ]).toEqual([true, false, false, true]);
});

test("contents are found in the order in which they are asked for, unless they may go", async () => {
  const { adding: added, objects } = await adding();
  const found = await added.find(["link", "blob", "absent", "noticed"]);
  const identities = found.map((each) => (typeof each === "object" ? each.identity : each));
  const [link, noticed] = [await objects.stat("link"), await objects.stat("noticed")];
  expect(identities).toEqual([link?.etag, "noticed", undefined, noticed?.etag]);
});

test("what is noticed is waited for until it has gone, or stays, or the wait is over", async () => {
  const { adding: added, engine, pauses, objects } = await adding();
  const whenListed = async (lists: number, then: () => Promise<void>) => {
    let count = 0;
    engine.fault = ({ query }) => {
      if (query.has("list-type") && ++count === lists) void then();
      return undefined;
    };
    return await added.find(["blob"], { waitMs: 1000 });
  };
  const [waited] = await whenListed(Number.NaN, async () => {});
  const all = pauses.splice(0);
  const [found] = await whenListed(3, async () => engine.objects.remove("notices/blobs/60-1"));
  const some = pauses.splice(0);
  await new Notices(objects, { prefix: "notices/", newId: () => "2" }).put("blobs", ["blob"], { seconds: 60 });
  const [gone] = await whenListed(2, async () => {
    for (const key of ["notices/blobs/60-2", "blob"]) engine.objects.remove(key);
  });
  expect([waited, all, typeof found, some.length, gone]).toEqual([
    "noticed",
    [100, 200, 400, 300],
    "object",
    2,
    undefined,
  ]);
});

test("put() and replace() are good for a minute from the beginning on, and depend on what is there", async () => {
  const { adding: added, engine, objects } = await adding();
  const replaced = await added.replace("tag", bytesOf("1"), { expected: undefined });
  engine.requests.length = 0;
  await added.put("tag", bytesOf("2"));
  const put = engine.requests.find(({ method }) => method === "PUT");
  engine.nowMs += 61_000;
  const late = await added.put("tag", bytesOf("3")).catch((error: Error) => error.message);
  expect([replaced, put?.headers.has("if-match"), put?.expiresSeconds, late, engine.text("tag")]).toEqual([
    true,
    true,
    60,
    "PUT tag was answered 403 AccessDenied",
    "2",
  ]);
  expect(await objects.stat("tag")).toBeDefined();
});

test("put() gives up where others are always faster", async () => {
  const { adding: added, engine } = await adding();
  engine.fault = ({ method }) => {
    if (method === "PUT") engine.objects.set("tag", bytesOf(String(engine.requests.length)));
    return undefined;
  };
  const failure = await added.put("tag", bytesOf("x")).catch((error: Error) => error.message);
  expect(failure).toBe("PUT tag was answered 409 again and again");
});

test("notices are listed before anything is looked for", async () => {
  const { adding: added, engine } = await adding();
  engine.requests.length = 0;
  await added.stands(["link", "noticed"]);
  const listed = engine.requests.findIndex(({ query }) => query.has("list-type"));
  const looked = engine.requests.findIndex(({ method }) => method === "HEAD");
  expect([listed, listed < looked, engine.requests.filter(({ method }) => method === "HEAD").length]).toEqual([
    0,
    true,
    1,
  ]);
});
