// Requests to a real object store: what it honours, and what it answers.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readContent } from "../../../src/lib/content.ts";
import { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import { putConditionally } from "../../../src/storage/s3/conditional-put.ts";
import { deleteMany } from "../../../src/storage/s3/deletions.ts";
import { listObjects, listPages } from "../../../src/storage/s3/listing.ts";
import {
  abortMultipart,
  completeMultipart,
  createMultipart,
  listParts,
  putPart,
} from "../../../src/storage/s3/multipart.ts";
import { contentOfObject } from "../../../src/storage/s3/object-content.ts";
import { PartMemory } from "../../../src/storage/s3/part-memory.ts";
import { copyObject } from "../../../src/storage/s3/server-copy.ts";
import { probeStore } from "../../../src/storage/s3/store-probe.ts";
import { BucketUploads } from "../../../src/storage/s3/uploads.ts";
import { contentText } from "../../content-text.ts";
import { bytesOf } from "./bucket.ts";
import { md5 } from "./engine-objects.ts";
import { clientOf, engines, type RealEngine } from "./engines.ts";

const mebibyte = 1024 ** 2;

describe.each(engines)("on %s", (name, start) => {
  let store: RealEngine;
  beforeAll(async () => {
    store = await start();
  }, 300_000);
  afterAll(async () => await store[Symbol.asyncDispose]());

  test("objects come while others beside them go", async () => {
    const { objects } = store;
    const comeAndGo = async (who: number) => {
      for (let round = 0; round < 100; round += 1) {
        const key = `beside/${who}-${round}/session`;
        if (round % 2 === 0) await objects.put(key, bytesOf("x"));
        else await putConditionally(objects, { key, bytes: bytesOf(key), expected: "nothing" });
        expect(await objects.stat(key)).toBeDefined();
        await objects.delete(key);
      }
    };
    await Promise.all([1, 2, 3].map(comeAndGo));
  }, 60_000);

  test.each(["", "x", "x".repeat(300_000)])("an object is put, measured, read and deleted (%#)", async (text) => {
    const { objects } = store;
    const key = "docker/registry/v2/it's a+b!/sha256:ab";
    const { etag } = await objects.put(key, bytesOf(text));
    const stat = await objects.stat(key);
    const found = await objects.read(key, text.length);
    const tooLarge = text === "" ? undefined : await objects.read(key, text.length - 1);
    await objects.delete(key);
    await objects.delete(key);
    expect([
      stat?.sizeBytes,
      stat?.etag,
      found?.stat.etag,
      found && new TextDecoder().decode(found.bytes),
      tooLarge,
      await objects.stat(key),
    ]).toEqual([text.length, etag, etag, text, undefined, undefined]);
    expect([etag, Math.abs((stat?.changedMs ?? 0) - Date.now()) < 10_000]).toEqual([md5(bytesOf(text)), true]);
  });

  test("of twenty that create the same object one does, and increments are not lost", async () => {
    const { objects } = store;
    const created = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        putConditionally(objects, { key: "race/new", bytes: bytesOf(`${n}`), expected: "nothing" }),
      ),
    );
    await objects.put("race/counter", bytesOf("0"));
    let wins = 0;
    const increment = async () => {
      for (let round = 0; round < 10; round += 1) {
        const found = await objects.read("race/counter", 100);
        if (found === undefined) throw new Error("no counter");
        // What another one writes must not be taken for one's own.
        const bytes = bytesOf(
          `${Number.parseInt(new TextDecoder().decode(found.bytes), 10) + 1} ${crypto.randomUUID()}`,
        );
        const { isPut } = await putConditionally(objects, { key: "race/counter", bytes, expected: found.stat });
        if (isPut) wins += 1;
      }
    };
    await Promise.all(Array.from({ length: 6 }, increment));
    const counter = await objects.read("race/counter", 100);
    expect([
      created.filter(({ isPut }) => isPut).length,
      Number.parseInt(new TextDecoder().decode(counter?.bytes), 10),
    ]).toEqual([1, wins]);
  });

  test("a listing has every object, page by page, and names instead of what lies below them", async () => {
    const { objects, client } = store;
    const keys = ["l/a", "l/a-b", "l/b/1", "l/b/2", "l/c/d/1", "l/z"];
    for (const key of keys) await objects.put(key, bytesOf("x"));
    const options = { prefix: "l/", pageSize: 2 };
    const pages = await Array.fromAsync(listPages(client, { ...options, isFlat: false }));
    expect([
      (await Array.fromAsync(listObjects(client, options))).map(({ key }) => key),
      (await Array.fromAsync(listObjects(client, { ...options, after: "l/b/1" }))).map(({ key }) => key),
      pages.flatMap(({ prefixes }) => prefixes),
    ]).toEqual([keys, ["l/b/2", "l/c/d/1", "l/z"], ["l/b/", "l/c/"]]);
  });

  test("what is deleted by an expiring request goes in time, and stays when it comes late", async () => {
    const { objects, client } = store;
    for (const key of ["e/1", "e/2", "e/3", "e/4"]) await objects.put(key, bytesOf("x"));
    const nowMs = client.options.clock.now();
    const [valid, over] = [
      { asOfMs: nowMs - 50_000, seconds: 60 },
      { asOfMs: nowMs - 120_000, seconds: 60 },
    ];
    await objects.delete("e/1", { expiring: valid });
    await deleteMany(client, ["e/2"], { expiring: valid });
    const late = await objects.delete("e/3", { expiring: over }).catch((error: Error) => error.name);
    const lateMany = await deleteMany(client, ["e/4"], { expiring: over }).catch((error: Error) => error.name);
    const latePut = await objects.put("e/5", bytesOf("x"), { expiring: over }).catch((error: Error) => error.name);
    const left = (await Array.fromAsync(listObjects(client, { prefix: "e/" }))).map(({ key }) => key);
    expect([late, lateMany, latePut, left]).toEqual(["S3Failure", "S3Failure", "S3Failure", ["e/3", "e/4"]]);
  });

  test("an upload in parts is completed, once and for all, and not with a part of somebody else", async () => {
    const { objects } = store;
    const upload = await createMultipart(objects, "m/one");
    const parts = [await putPart(objects, upload, { number: 1, bytes: new Uint8Array(5 * mebibyte).fill(65) })];
    parts.push(await putPart(objects, upload, { number: 2, bytes: bytesOf("tail") }));
    const listed = await listParts(objects, upload);
    const first = await completeMultipart(objects, upload, parts);
    const again = await completeMultipart(objects, upload, parts);
    const other = await createMultipart(objects, "m/two");
    const mine = await putPart(objects, other, { number: 1, bytes: bytesOf("mine") });
    await putPart(objects, other, { number: 1, bytes: bytesOf("zombie") });
    const mixed = await completeMultipart(objects, other, [mine]);
    await abortMultipart(objects, other);
    const aborted = await completeMultipart(objects, other, [mine]);
    expect([listed, first?.sizeBytes, again, mixed, aborted]).toEqual([
      parts,
      5 * mebibyte + 4,
      first,
      undefined,
      undefined,
    ]);
  });

  test("an object is copied by the store, whole and in parts, if it is the one that was judged", async () => {
    const { objects } = store;
    await objects.put("c/from", new Uint8Array(11 * mebibyte).fill(66));
    const judged = await objects.stat("c/from");
    if (judged === undefined) throw new Error("nothing is there");
    const plan = { wholeBytes: mebibyte, partBytes: 5 * mebibyte, concurrency: 2 };
    const copied = [
      await copyObject(objects, { from: "c/from", to: "c/whole", judged }),
      await copyObject(objects, { from: "c/from", to: "c/parts", judged }, plan),
    ];
    const sizes = [(await objects.stat("c/whole"))?.sizeBytes, (await objects.stat("c/parts"))?.sizeBytes];
    await objects.put("c/from", bytesOf("other"));
    const stale = await copyObject(objects, { from: "c/from", to: "c/stale", judged });
    expect([copied, sizes, stale, (await objects.stat("c/stale")) !== undefined]).toEqual([
      [true, true],
      [11 * mebibyte, 11 * mebibyte],
      name === "Ceph",
      name === "Ceph",
    ]);
  });

  test("it is found fit, and nothing of the probe is left", async () => {
    const { objects, client } = store;
    const startedMs = performance.now();
    const traits = await probeStore(objects, { prefix: "probe/", newId: () => crypto.randomUUID() });
    const left = await Array.fromAsync(listObjects(client, { prefix: "probe/" }));
    expect([traits, left]).toEqual([{ isQuoted: false, isExpiryEnforced: true, areEtagsMd5: true, warnings: [] }, []]);
    console.log(`probed in ${Math.round(performance.now() - startedMs)} ms`);
  });

  test("an upload is continued by another node, and put together by the store", async () => {
    const { objects, endpoint } = store;
    const node = (of: BucketObjects) =>
      new BucketUploads(of, { memory: new PartMemory(0), newId: () => crypto.randomUUID() });
    const [one, two] = [node(objects), node(new BucketObjects(clientOf(endpoint)))];
    const key = "_uploads/1/data";
    await one.create(key, { startedat: "now" });
    for (const [uploads, sizeBytes] of [
      [one, 3],
      [two, 9],
      [one, 6],
    ] as const) {
      await using upload = await uploads.open(key);
      await upload?.append([new Uint8Array(sizeBytes * mebibyte).fill(sizeBytes)]);
    }
    const arrived = await two.size(key);
    {
      await using upload = await two.open(key);
      await upload?.commit("blobs/a");
    }
    await one.cancel(key);
    const stat = await objects.stat("blobs/a");
    const found = stat === undefined ? new Uint8Array() : await readContent(contentOfObject(objects, "blobs/a", stat));
    const bytes = Buffer.concat([3, 9, 6].map((sizeBytes) => new Uint8Array(sizeBytes * mebibyte).fill(sizeBytes)));
    const left = await Array.fromAsync(listObjects(objects.client, { prefix: "_uploads/" }));
    expect([arrived, Buffer.from(found).equals(bytes), left]).toEqual([18 * mebibyte, true, []]);
  });

  test("content is read in parts, and at an address by anybody", async () => {
    const { objects } = store;
    await objects.put("r/digits", bytesOf("0123456789"));
    const stat = await objects.stat("r/digits");
    if (stat === undefined) throw new Error("nothing is there");
    const content = contentOfObject(objects, "r/digits", stat);
    const address = await objects.url("r/digits", {
      seconds: 60,
      query: { "response-content-type": "application/x-test" },
    });
    const answer = await fetch(address, { headers: { range: "bytes=2-4" } });
    const forged = await fetch(address.replace(/Signature=.{6}/, "Signature=000000"));
    expect([
      await contentText(content),
      await contentText(content.slice(2, 5)),
      await answer.text(),
      answer.headers.get("content-type"),
    ]).toEqual(["0123456789", "234", "234", "application/x-test"]);
    expect(forged.status).toBe(403);
  });
});
