import { describe, expect, test } from "bun:test";
import { deleteMany } from "../../../src/storage/s3/deletions.ts";
import { listObjects, listPages } from "../../../src/storage/s3/listing.ts";
import { completeMultipart, createMultipart, putPart } from "../../../src/storage/s3/multipart.ts";
import { bytesOf, openBucket } from "./bucket.ts";
import { Engine } from "./engine.ts";
import { md5 } from "./engine-objects.ts";

const textOf = (found: { readonly bytes: Uint8Array } | undefined) => found && new TextDecoder().decode(found.bytes);

describe("objects of a bucket", () => {
  test("that were never put are absent", async () => {
    const { objects } = openBucket();
    await objects.delete("a");
    expect([await objects.stat("a"), await objects.read("a", 10), await objects.copy("a", "b")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each([
    ["there is no bucket", "<Error><Code>NoSuchBucket</Code></Error>", "answered 404 NoSuchBucket"],
    ["a gateway finds no store", "404 page not found", "answered 404"],
    ["a gateway shows a page", "<html><body>Not Found</body></html>", "answered 404"],
    ["the store says so", "<Error><Code>NoSuchKey</Code></Error>", undefined],
    ["the store says nothing", "", undefined],
  ])("are absent or not where %s", async (_what, text, failure) => {
    const engine = new Engine();
    Object.defineProperty(engine, "send", { value: async () => new Response(text, { status: 404 }) });
    const { objects } = openBucket({ engine });
    const told = await objects.read("a", 10).catch((error: Error) => error.message);
    expect(told).toEqual(failure === undefined ? undefined : expect.stringContaining(failure));
  });

  test.each(["", "x", "x".repeat(100_000)])("are read and measured as they were put (%#)", async (text) => {
    const { engine, objects } = openBucket();
    const put = await objects.put("a/data", bytesOf(text));
    const stat = { sizeBytes: text.length, changedMs: engine.nowMs, etag: md5(bytesOf(text)) };
    const found = await objects.read("a/data", text.length);
    expect([put, await objects.stat("a/data"), found?.stat, textOf(found)]).toEqual([
      { etag: stat.etag, dateMs: engine.nowMs },
      stat,
      stat,
      text,
    ]);
  });

  test("are not read beyond what they may have", async () => {
    const { objects } = openBucket();
    await objects.put("a", bytesOf("12345"));
    expect([textOf(await objects.read("a", 5)), await objects.read("a", 4)]).toEqual(["12345", undefined]);
  });

  test("get the headers of new objects, by whatever way they come", async () => {
    const { engine, objects } = openBucket({ newHeaders: { "x-amz-server-side-encryption": "AES256" } });
    await objects.put("a", bytesOf("1"));
    await objects.copy("a", "b");
    expect(engine.requests.map((request) => request.headers.get("x-amz-server-side-encryption"))).toEqual([
      "AES256",
      "AES256",
    ]);
  });

  test("are copied if they are still those that were judged", async () => {
    const { engine, objects } = openBucket();
    const { etag } = await objects.put("a", bytesOf("1"));
    const first = await objects.copy("a", "b", { etag });
    await objects.put("a", bytesOf("2"));
    expect([first, await objects.copy("a", "c", { etag }), engine.text("b"), engine.text("c")]).toEqual([
      true,
      undefined,
      "1",
      undefined,
    ]);
  });

  test("go with a request that expires, in time and not later", async () => {
    const { engine, objects } = openBucket();
    await objects.put("a", bytesOf("1"));
    await objects.put("b", bytesOf("1"));
    const asOfMs = engine.nowMs;
    await objects.delete("a", { expiring: { asOfMs, seconds: 60 } });
    engine.nowMs += 61_000;
    const late = await objects.delete("b", { expiring: { asOfMs, seconds: 60 } }).catch((error: Error) => error.name);
    const lateTag = await objects
      .put("c", bytesOf("1"), { expiring: { asOfMs, seconds: 60 } })
      .catch((error: Error) => error.name);
    expect([late, lateTag, engine.keys()]).toEqual(["S3Failure", "S3Failure", ["b"]]);
  });

  test("have addresses for everybody, at another place where readers see the store there", async () => {
    const { engine, objects } = openBucket();
    await objects.put("a b", bytesOf("1"));
    const address = await objects.url("a b", { seconds: 60, query: { "response-content-type": "text/plain" } });
    const elsewhere = await objects.url("a b", { seconds: 60, endpoint: new URL("https://cdn.test") });
    const answer = await engine.send(address, { method: "GET" });
    expect([
      await answer.text(),
      new URL(address).searchParams.get("response-content-type"),
      elsewhere.slice(0, 32),
    ]).toEqual(["1", "text/plain", "https://cdn.test/images/a%20b?X-"]);
  });
});

test("a registry below a prefix of its bucket neither sees nor touches anything else there", async () => {
  const { engine, client, objects } = openBucket({ prefix: "some/root/", pageSize: 2 });
  for (const key of ["other", "some/other", "some/root", "some/rootless/a"]) engine.objects.set(key, bytesOf("x"));
  for (const key of ["a/1", "a/2", "a/b/3", "c"]) await objects.put(key, bytesOf(key));
  const copied = await objects.copy("c", "d");
  const upload = await createMultipart(objects, "e");
  await completeMultipart(objects, upload, [await putPart(objects, upload, { number: 1, bytes: bytesOf("part") })]);
  const keysOf = async (options: Parameters<typeof listObjects>[1]) =>
    (await Array.fromAsync(listObjects(client, options))).map(({ key }) => key);
  const pages = await Array.fromAsync(listPages(client, { prefix: "a/", isFlat: false }));
  const seen = [await keysOf({ prefix: "" }), await keysOf({ prefix: "", after: "a/2" })];
  await deleteMany(client, ["a/1", "c"]);
  await objects.delete("a/2");
  expect([copied, seen, pages.flatMap(({ prefixes }) => prefixes), engine.keys()]).toEqual([
    true,
    [
      ["a/1", "a/2", "a/b/3", "c", "d", "e"],
      ["a/b/3", "c", "d", "e"],
    ],
    ["a/b/"],
    ["other", "some/other", "some/root", "some/root/a/b/3", "some/root/d", "some/root/e", "some/rootless/a"],
  ]);
});
