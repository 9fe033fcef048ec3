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
  return { ...bucket, adding: new BucketAdding(bucket.objects, { notices, scope }) };
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
  expect(found).toEqual([await objects.stat("link"), "noticed", "missing", await objects.stat("noticed")] as never);
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
