import { expect, test } from "bun:test";
import { readContent } from "../../../src/lib/content.ts";
import { Notices } from "../../../src/storage/s3/notices.ts";
import { type Redirects, StoreObjects } from "../../../src/storage/s3/store-objects.ts";
import { bytesOf, openBucket } from "./bucket.ts";

function stored(redirects?: Redirects) {
  const bucket = openBucket();
  const notices = new Notices(bucket.objects, { prefix: "notices/", newId: () => "1" });
  const isContent = (key: string) => key.startsWith("blobs/");
  return {
    ...bucket,
    notices,
    stored: new StoreObjects(bucket.objects, { notices, isContent, redirects }),
  };
}

test("a link is renewed by putting it again if it is still the same, and not brought back", async () => {
  const { engine, stored: objects } = stored();
  await objects.put("link", bytesOf("x"));
  engine.nowMs += 60_000;
  const renewed = [await objects.renew("link"), (await objects.stat("link"))?.changedMs];
  engine.fault = ({ method }) => {
    if (method === "PUT") engine.objects.remove("link");
    return undefined;
  };
  expect([renewed, await objects.renew("link"), engine.keys()]).toEqual([[true, engine.nowMs], false, []]);
});

test("a link that others keep writing is as good as renewed", async () => {
  const { engine, stored: objects } = stored();
  await objects.put("link", bytesOf("x"));
  engine.fault = ({ method }) => {
    if (method === "PUT") engine.objects.set("link", bytesOf(String(engine.requests.length)));
    return undefined;
  };
  expect(await objects.renew("link")).toBe(true);
});

test.each([
  [403, "AccessDenied"],
  [507, "XMinioStorageFull"],
])("a link is not renewed where nothing can be written (%d), and is there all the same", async (status, code) => {
  const { engine, stored: objects } = stored();
  await objects.put("link", bytesOf("x"));
  engine.fault = ({ method }) => (method === "PUT" ? { kind: "refused", status, code } : undefined);
  expect([await objects.renew("link"), await objects.renew("other")]).toEqual([true, false]);
  engine.fault = ({ method }) =>
    method === "PUT" ? { kind: "refused", status: 400, code: "InvalidRequest" } : undefined;
  await expect(objects.renew("link")).rejects.toThrow("InvalidRequest");
});

test("a content is not written to be renewed", async () => {
  const { engine, stored: objects } = stored();
  await objects.put("blobs/a", bytesOf("x"));
  engine.requests.length = 0;
  expect([await objects.renew("blobs/a"), await objects.renew("blobs/b")]).toEqual([true, false]);
  expect(engine.requests.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
});

test("nothing can be added to an object", async () => {
  const { stored: objects } = stored();
  await objects.put("log", bytesOf("x"));
  expect(await objects.append()).toBeUndefined();
});

test("contents have an address, for as long as it is said, and nothing else has", async () => {
  const { stored: objects } = stored({ seconds: 300, endpoint: new URL("https://s3.example.com:9000") });
  for (const key of ["blobs/a", "link"]) await objects.put(key, bytesOf("x"));
  const url = URL.parse((await (await objects.open("blobs/a"))?.address?.()) ?? "");
  expect([url?.host, url?.pathname, url?.searchParams.get("X-Amz-Expires")]).toEqual([
    "s3.example.com:9000",
    "/images/blobs/a",
    "300",
  ]);
  const { stored: direct } = stored();
  await direct.put("blobs/a", bytesOf("x"));
  const elsewhere = stored({ seconds: 60, endpoint: undefined });
  await elsewhere.stored.put("blobs/a", bytesOf("x"));
  expect([
    (await objects.open("link"))?.address,
    (await objects.open("blobs/a"))?.slice(0, 1).address,
    (await direct.open("blobs/a"))?.address,
    URL.parse((await (await elsewhere.stored.open("blobs/a"))?.address?.()) ?? "")?.host,
  ]).toEqual([undefined, undefined, undefined, "store.test"]);
});

test("what was seen a moment ago is opened without another look; bytes of another one are not mixed in", async () => {
  const { engine, objects, stored: opened } = stored();
  await objects.put("blobs/a", bytesOf("seen"));
  const seen = await opened.stat("blobs/a");
  engine.requests.length = 0;
  const content = await opened.open("blobs/a", seen);
  const before = engine.requests.length;
  await objects.put("blobs/a", bytesOf("another"));
  const failure = content === undefined ? undefined : await readContent(content).catch((error: Error) => error.name);
  expect([before, content?.sizeBytes, failure]).toEqual([0, 4, "S3Failure"]);
});
