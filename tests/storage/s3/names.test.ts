import { expect, test } from "bun:test";
import { listNames, streamNames } from "../../../src/storage/s3/names.ts";
import { bytesOf, openBucket } from "./bucket.ts";

/** In the order of names; a listing has each one that ends in a hyphen or a dot before the shorter one. */
const inOrder = ["a", "a-", "a-b", "a.", "a.b", "a0", "a0-1", "ab", "v1", "v1.0", "v1.0.1", "v1.1", "v10"];

function stocked(pageSize: number) {
  const bucket = openBucket({ pageSize });
  for (const name of inOrder) bucket.engine.objects.set(`p/${name}/link`, bytesOf("x"));
  for (const key of ["p/object", "p/", "p//link", "other/a/link"]) bucket.engine.objects.set(key, bytesOf("x"));
  return bucket.client;
}

test.each([1, 2, 3, 1000])("names come in the order of names, in pages of %p", async (pageSize) => {
  const client = stocked(pageSize);
  const others: string[] = [];
  expect(await listNames(client, "p", { others: (name) => others.push(name) })).toEqual(inOrder);
  expect(others).toEqual(["object"]);
  expect((await Array.fromAsync(streamNames(client, "p"))).toSorted()).toEqual(inOrder);
  expect([await listNames(client, "none"), await listNames(client, "p", { limit: 0 })]).toEqual([[], []]);
});

test.each([1, 2, 3, 1000])("any part of them is what it would be of all, in pages of %p", async (pageSize) => {
  const client = stocked(pageSize);
  for (const after of ["", ...inOrder, "a/", "zz"]) {
    for (const limit of [1, 2, 5]) {
      const want = inOrder.filter((name) => name > after).slice(0, limit);
      expect([after, limit, await listNames(client, "p", { after, limit })]).toEqual([after, limit, want]);
    }
  }
});

test("a short part does not cost a listing of all", async () => {
  const { engine, client } = openBucket({ pageSize: 10 });
  for (let index = 0; index < 200; index += 1) engine.objects.set(`p/n${1000 + index}/link`, bytesOf("x"));
  await listNames(client, "p", { after: "n1100", limit: 5 });
  expect(engine.requests.length).toBe(1);
});
