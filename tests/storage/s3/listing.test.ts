import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { listObjects, listPages } from "../../../src/storage/s3/listing.ts";
import { bytesOf, openBucket } from "./bucket.ts";

function stocked(pageSize = 1000) {
  const bucket = openBucket({ pageSize });
  for (const key of ["a/1", "a/b/1", "a/b/2", "a/c/1", "a/d", "a/it's <&>", "b/1"])
    bucket.engine.objects.set(key, bytesOf(key));
  return bucket;
}

const keysOf = async (pageSize: number, options: Parameters<typeof listObjects>[1]) => {
  const { client } = stocked(pageSize);
  return (await Array.fromAsync(listObjects(client, options))).map(({ key }) => key);
};

describe("a listing", () => {
  test.each([1, 2, 3, 1000])("has every object below the prefix, in pages of %p", async (pageSize) => {
    expect([
      await keysOf(pageSize, { prefix: "a/" }),
      await keysOf(pageSize, { prefix: "a/", after: "a/b/1" }),
      await keysOf(pageSize, { prefix: "none/" }),
    ]).toEqual([["a/1", "a/b/1", "a/b/2", "a/c/1", "a/d", "a/it's <&>"], ["a/b/2", "a/c/1", "a/d", "a/it's <&>"], []]);
  });

  test.each([1, 2, 1000])("shows names instead of what lies below them, in pages of %p", async (pageSize) => {
    const { client } = stocked(pageSize);
    const pages = await Array.fromAsync(listPages(client, { prefix: "a/", isFlat: false }));
    expect(pages.flatMap(({ prefixes }) => prefixes)).toEqual(["a/b/", "a/c/"]);
  });

  test("tells sizes, times and ETags", async () => {
    const { client, engine } = stocked();
    const [first] = await Array.fromAsync(listObjects(client, { prefix: "a/b/" }));
    expect(first).toEqual({
      key: "a/b/1",
      stat: { sizeBytes: 5, changedMs: engine.nowMs, etag: engine.objects.get("a/b/1")?.etag ?? "" },
    });
  });

  test("that goes on without saying how is no end", async () => {
    const { client, engine } = openBucket();
    const send = async () => new Response("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>");
    Object.assign(client.options, { send });
    const failure = await Array.fromAsync(listObjects(client, { prefix: "" })).catch((error: Error) => error.message);
    expect([failure, engine.keys()]).toEqual([
      "GET of the bucket (list-type, prefix) was answered 200 without the token of the next page",
      [],
    ]);
  });
});

/** What the values of this program take, texts with what they are a piece of. */
function keptBytes(): number {
  Bun.gc(true);
  const { heapSize, extraMemorySize } = heapStats();
  return heapSize + extraMemorySize;
}

test("what is kept of a page keeps nothing else of it in memory", async () => {
  const { client } = openBucket();
  const pageBytes = 300_000;
  const pages = 150;
  let left = pages;
  const send = async () => {
    left -= 1;
    const key = `<Contents><Key>some/${left}/that-is-long-enough-to-be-a-piece-of-the-page</Key><ETag>&quot;x&quot;</ETag><Size>1</Size></Contents>`;
    const more = left === 0 ? "" : `<NextContinuationToken>${left}</NextContinuationToken>`;
    const rest = `<Other>${"x".repeat(pageBytes)}</Other>`;
    return new Response(`<R>${key}<IsTruncated>${left > 0}</IsTruncated>${more}${rest}</R>`);
  };
  Object.assign(client.options, { send });
  const names = new Set<string>();
  const before = keptBytes();
  for await (const { key } of listObjects(client, { prefix: "" })) names.add(key.slice(5));
  const grownBytes = keptBytes() - before;
  expect([names.size, grownBytes < (pages * pageBytes) / 10]).toEqual([pages, true]);
});
