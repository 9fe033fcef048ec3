// The suite of the port of uploads.

import { expect, test } from "bun:test";
import { contentText } from "../content-text.ts";
import type { OpenTestStore } from "./contract.ts";
import { bytesOf, holdUpload, put, take } from "./store-access.ts";

const key = "docker/a/_uploads/1/data";
const target = "docker/blobs/ab/data";
const beside = { startedat: "2026-01-02T03:04:05Z" };
const start = { waitMs: 1000 };
/** What a clock may be behind: those of object stores tell whole seconds. */
const clockSlackMs = 1000;

export function describeUploads(open: OpenTestStore): void {
  test("an upload begins without bytes, with small objects beside it", async () => {
    using store = await open();
    await store.driver.uploads.create(key, beside);
    await using upload = await holdUpload(store.other, key);
    expect([
      upload.sizeBytes,
      await contentText(await upload.content()),
      await store.driver.uploads.size(key),
      await take(store.other, "docker/a/_uploads/1/startedat"),
    ]).toEqual([0, "", 0, beside.startedat]);
  });

  test("there is no upload where none was begun", async () => {
    using store = await open();
    expect(await store.driver.uploads.open(key, { ...start, preempted: new AbortController() })).toBeUndefined();
  });

  test("bytes are added at the end, across holds", async () => {
    using store = await open();
    await store.driver.uploads.create(key, beside);
    {
      await using first = await holdUpload(store.driver, key);
      await first.append([bytesOf("one "), bytesOf(""), bytesOf("two ")]);
      await first.append([]);
      await first.append([bytesOf("three ")]);
    }
    await using second = await holdUpload(store.other, key);
    const sizeBytes = second.sizeBytes;
    await second.append([bytesOf("four")]);
    expect([sizeBytes, second.sizeBytes, await contentText(await second.content())]).toEqual([
      14,
      18,
      "one two three four",
    ]);
  });

  test.each([
    ["many small pieces", Array.from({ length: 5000 }, (_, index) => `${index} `)],
    ["large pieces", ["a".repeat(100_000), "", "b".repeat(3_000_000), "c"]],
  ])("%s arrive whole", async (_name, pieces) => {
    using store = await open();
    await store.driver.uploads.create(key, beside);
    await using upload = await holdUpload(store.driver, key);
    await upload.append(pieces.map(bytesOf));
    const text = pieces.join("");
    expect([upload.sizeBytes, (await contentText(await upload.content())) === text]).toEqual([text.length, true]);
  });

  test("the identity stays across holds, and is another one for another upload", async () => {
    using store = await open();
    const identities: string[] = [];
    const otherKey = "docker/a/_uploads/2/data";
    await store.driver.uploads.create(key, beside);
    await store.driver.uploads.create(otherKey, beside);
    for (const of of [key, otherKey]) {
      await using upload = await holdUpload(store.driver, of);
      await upload.append([bytesOf("x")]);
      identities.push(upload.identity);
    }
    await using again = await holdUpload(store.other, key);
    expect([identities[0] === again.identity, identities[0] === identities[1]]).toEqual([true, false]);
  });

  test("commit() moves the bytes over what was there, with the time of now; the upload is over then", async () => {
    using store = await open();
    await put(store.driver, target, "damaged");
    await store.driver.uploads.create(key, beside);
    const beforeMs = Date.now() - clockSlackMs;
    {
      await using upload = await holdUpload(store.driver, key);
      await upload.append([bytesOf("whole")]);
      await upload.commit(target);
    }
    await store.driver.uploads.discard(key);
    const again = await store.other.uploads.open(key, { ...start, preempted: new AbortController() });
    expect([
      await take(store.other, target),
      ((await store.other.objects.stat(target))?.changedMs ?? 0) >= beforeMs,
      await store.other.objects.stat(key),
      again,
    ]).toEqual(["whole", true, undefined, undefined]);
  });

  test("discard() removes what stands beside it", async () => {
    using store = await open();
    await store.driver.uploads.create(key, { ...beside, owner: "alice" });
    {
      await using upload = await holdUpload(store.driver, key);
      await upload.commit(target);
    }
    await store.other.uploads.discard(key);
    await store.other.uploads.discard(key);
    expect([await store.driver.objects.list("docker/a/_uploads"), await take(store.driver, target)]).toEqual([[], ""]);
  });

  test("how much has arrived, and when, is known without holding it", async () => {
    using store = await open();
    await store.driver.uploads.create(key, beside);
    const beforeMs = Date.now() - clockSlackMs;
    {
      await using upload = await holdUpload(store.driver, key);
      await upload.append([bytesOf("four")]);
    }
    const { uploads } = store.other;
    const [changedMs, none] = [await uploads.changedMs(key), "docker/a/_uploads/2/data"];
    expect([
      await uploads.size(key),
      (changedMs ?? 0) >= beforeMs,
      await uploads.size(none),
      await uploads.changedMs(none),
    ]).toEqual([4, true, undefined, undefined]);
  });

  test("cancel() removes all of it, also while it is held, and what is not there", async () => {
    using store = await open();
    await store.driver.uploads.create(key, { ...beside, owner: "alice" });
    {
      await using upload = await holdUpload(store.driver, key);
      await upload.append([bytesOf("x")]);
      await store.driver.uploads.cancel(key);
    }
    await store.other.uploads.cancel(key);
    expect([
      await store.other.uploads.size(key),
      await take(store.driver, "docker/a/_uploads/1/owner"),
      await store.driver.objects.list("docker/a/_uploads"),
    ]).toEqual([undefined, undefined, []]);
  });

  test("an upload of one request is begun and committed", async () => {
    using store = await open();
    await store.driver.uploads.create(key);
    {
      const options = { ...start, preempted: new AbortController(), target };
      const upload = await store.driver.uploads.open(key, options);
      if (upload === undefined || upload === "busy") throw new Error("the upload is not to be had");
      await using held = upload;
      await held.append([bytesOf("whole")]);
      await held.commit(target);
    }
    await store.driver.uploads.discard(key);
    expect([await take(store.other, target), await store.driver.objects.list("docker/a/_uploads")]).toEqual([
      "whole",
      [],
    ]);
  });

  test("a holder is asked to let go by a newer one, which then holds it", async () => {
    using store = await open();
    await store.driver.uploads.create(key, beside);
    const preempted = new AbortController();
    const older = await holdUpload(store.driver, key, preempted);
    preempted.signal.addEventListener("abort", () => void older[Symbol.asyncDispose]());
    await using newer = await holdUpload(store.driver, key);
    await newer.append([bytesOf("x")]);
    expect([preempted.signal.aborted, newer.sizeBytes]).toEqual([true, 1]);
  });

  test("one who waits is told of a newer one too, and gives up", async () => {
    using store = await open();
    await store.driver.uploads.create(key, beside);
    const holder = await holdUpload(store.driver, key);
    const older = store.driver.uploads.open(key, { waitMs: 60_000, preempted: new AbortController() });
    const newer = store.driver.uploads.open(key, { waitMs: 60_000, preempted: new AbortController() });
    const given = await older;
    await holder[Symbol.asyncDispose]();
    const got = await newer;
    expect([given, typeof got]).toEqual(["busy", "object"]);
    if (typeof got === "object") await got[Symbol.asyncDispose]();
  });

  test("a holder that does not let go keeps it: the other one is told that it is busy", async () => {
    using store = await open();
    await store.driver.uploads.create(key, beside);
    await using older = await holdUpload(store.driver, key);
    const newer = await store.driver.uploads.open(key, { waitMs: 20, preempted: new AbortController() });
    await older.append([bytesOf("x")]);
    expect([newer, older.sizeBytes]).toEqual(["busy", 1]);
  });

  test("who does not wait asks nobody to let go", async () => {
    using store = await open();
    await store.driver.uploads.create(key, beside);
    const preempted = new AbortController();
    await using _older = await holdUpload(store.driver, key, preempted);
    const answer = await store.driver.uploads.open(key, { waitMs: 0, preempted: new AbortController() });
    expect([answer, preempted.signal.aborted]).toEqual(["busy", false]);
  });

  test("an upload begins while others remove what is empty", async () => {
    using store = await open();
    for (let round = 0; round < 20; round += 1) {
      const fresh = `docker/a/_uploads/${round}/data`;
      await Promise.all([
        store.driver.uploads.create(fresh, beside),
        store.other.directory.removeEmpty("docker/a"),
        store.other.directory.removeEmpty("docker/a/_uploads", { isDeep: false }),
      ]);
      expect(await store.other.uploads.size(fresh)).toBe(0);
      await store.driver.uploads.cancel(fresh);
    }
  });
}

/** Where a hold keeps out everybody, also other processes. */
export function describeExclusiveUploads(open: OpenTestStore): void {
  test("who waits for an upload that ends meanwhile finds none", async () => {
    using store = await open();
    await store.driver.uploads.create(key, beside);
    const holder = await holdUpload(store.driver, key);
    const waiting = store.other.uploads.open(key, { ...start, preempted: new AbortController() });
    await holder.commit(target);
    await holder[Symbol.asyncDispose]();
    expect(await waiting).toBeUndefined();
  });

  test("one at a time holds it, also of those who ask at once", async () => {
    using store = await open();
    await store.driver.uploads.create(key, beside);
    const ask = async (driver: typeof store.driver) =>
      driver.uploads.open(key, { waitMs: 0, preempted: new AbortController() });
    const answers = await Promise.all([ask(store.driver), ask(store.driver), ask(store.other)]);
    for (const answer of answers) if (typeof answer === "object") await answer[Symbol.asyncDispose]();
    const seen = answers.map((answer) => (answer === "busy" ? "busy" : typeof answer));
    expect(seen.toSorted()).toEqual(["busy", "busy", "object"]);
  });
}
