import { describe, expect, test } from "bun:test";
import { contentOf } from "../../src/lib/content.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import { uploadKey, uploadPrefix, uploadsPrefix } from "../../src/registry/layout.ts";
import { StoreUploads, type UploadTarget } from "../../src/registry/uploads.ts";
import type { LockedDriver } from "../storage/contract.ts";
import { answering } from "../storage/intercepted.ts";
import { isInPlace } from "./disturbed.ts";
import { codeOf } from "./refused.ts";
import { app, begin, chunk, nothing, textOf } from "./sessions.ts";
import { digestOf, named, stocked, utf8 } from "./stocked.ts";

describe("a session", () => {
  test("begins without bytes, and with the time of its start for registry:2's purge", async () => {
    const { stock, uploads, target } = await begin();
    const startedAt = await stock.store.objects.read(`${uploadPrefix(app, target.id)}/startedat`, 100);
    expect([await uploads.size(target), new TextDecoder().decode(startedAt)]).toEqual([0, "2023-11-14T22:13:20Z"]);
  });

  test("takes chunks and becomes a blob of the repository, and is gone then", async () => {
    const { stock, uploads, target } = await begin();
    const sizes = [
      await uploads.append(target, chunk("one ").at(0, 4)),
      await uploads.append(target, chunk("two ", "three ")),
      await uploads.size(target),
    ];
    const digest = digestOf("one two three four");
    await uploads.commit(target, chunk("four").at(14, 4), digest);
    expect([
      sizes,
      await textOf(stock, digest),
      await codeOf(uploads.size(target)),
      await stock.store.objects.list(uploadsPrefix(app)),
    ]).toEqual([[4, 14, 14], "one two three four", "BLOB_UPLOAD_UNKNOWN", []]);
  });

  test.each(["sha256", "sha512"] as const)("of %s may be closed with either algorithm", async (algorithm) => {
    const stock = stocked();
    const uploads = new StoreUploads(stock.store);
    const digests = [digestOf("some bytes"), hashBytes(utf8("some bytes"), "sha512")] as const;
    for (const digest of digests) {
      const target = await uploads.start(app, algorithm);
      await uploads.append(target, chunk("some "));
      await uploads.commit(target, chunk("bytes"), digest);
    }
    expect([await textOf(stock, digests[0]), await textOf(stock, digests[1])]).toEqual(["some bytes", "some bytes"]);
  });

  test("may go on in another process, which has not seen the bytes before", async () => {
    const { stock, uploads, target } = await begin();
    const elsewhere = new StoreUploads(stock.store);
    await uploads.append(target, chunk("one "));
    await elsewhere.append(target, chunk("two "));
    await uploads.commit(target, chunk("three"), digestOf("one two three"));
    expect(await textOf(stock, digestOf("one two three"))).toBe("one two three");
  });

  test("is read again where the system has forgotten its bytes, since writing them back may have failed", async () => {
    const { stock, target } = await begin();
    let forgets = false;
    const openUpload: LockedDriver["uploads"]["open"] = async (key, options) => {
      const upload = await stock.store.uploads.open(key, options);
      if (upload === undefined || upload === "busy" || !forgets) return upload;
      // What the disk has in place of the bytes that were written.
      const content = async () => contentOf(new Blob(["lost bytes"]));
      return Object.assign(upload, { isRemembered: () => false, content });
    };
    const uploads = new StoreUploads({ ...stock.store, ...answering(stock.store, { uploads: { open: openUpload } }) });
    await uploads.append(target, chunk("good bytes"));
    forgets = true;
    expect(await codeOf(uploads.commit(target, nothing, digestOf("good bytes")))).toBe("DIGEST_INVALID");
  });

  test.each([
    ["that begins too early", chunk("xy").at(3, 2), "UPLOAD_OUT_OF_ORDER", 4],
    ["that begins too late", chunk("xy").at(5, 2), "UPLOAD_OUT_OF_ORDER", 4],
    ["that is shorter than it says", chunk("xy").at(4, 3), "SIZE_INVALID", 6],
    ["that is longer than it says", chunk("xy").at(4, 1), "SIZE_INVALID", 6],
  ])("refuses a chunk %s, and goes on", async (_what, bad, code, sizeBytes) => {
    const { uploads, target } = await begin();
    await uploads.append(target, chunk("four"));
    const refusal = await codeOf(uploads.append(target, bad));
    expect([refusal, await uploads.size(target)]).toEqual([code, sizeBytes]);
    const rest = await uploads.append(target, chunk("!").at(sizeBytes, 1));
    expect(rest).toBe(sizeBytes + 1);
  });

  test("with a wrong digest makes no blob, and ends", async () => {
    const { stock, uploads, target } = await begin();
    expect([
      await codeOf(uploads.commit(target, chunk("x"), digestOf("y"))),
      await codeOf(uploads.size(target)),
      await isInPlace(stock, digestOf("x")),
      await isInPlace(stock, digestOf("y")),
      await stock.store.objects.list(uploadsPrefix(app)),
      await stock.store.trash.list("uploads"),
    ]).toEqual(["DIGEST_INVALID", "BLOB_UPLOAD_UNKNOWN", false, false, [], []]);
  });

  test("keeps what came before a connection broke, and goes on from there", async () => {
    const { stock, uploads, target } = await begin();
    const breaking = async function* () {
      yield utf8("half ");
      throw new DOMException("gone", "AbortError");
    };
    await expect(uploads.append(target, { body: breaking, range: undefined })).rejects.toThrow("gone");
    const sizeBytes = await uploads.size(target);
    await uploads.commit(target, chunk("and half").at(sizeBytes, 8), digestOf("half and half"));
    expect([sizeBytes, await textOf(stock, digestOf("half and half"))]).toEqual([5, "half and half"]);
  });

  test("has the right digest after a write of it failed half-way", async () => {
    let isFull = false;
    const { stock, uploads, target } = await begin((driver) =>
      answering(driver, {
        uploads: {
          open: async (key, options) => {
            const upload = await driver.uploads.open(key, options);
            if (upload === undefined || upload === "busy") return upload;
            const append = async (pieces: readonly Uint8Array[]) => {
              await upload.append(isFull ? [utf8("ha")] : pieces);
              if (isFull) throw Object.assign(new Error("full"), { code: "ENOSPC" });
            };
            return Object.create(upload, {
              append: { value: append },
              sizeBytes: { get: () => upload.sizeBytes },
              identity: { value: upload.identity },
              content: { value: () => upload.content() },
              commit: { value: (to: string) => upload.commit(to) },
              keep: { value: () => undefined },
              [Symbol.asyncDispose]: { value: () => upload[Symbol.asyncDispose]() },
            });
          },
        },
      }),
    );
    isFull = true;
    await expect(uploads.append(target, chunk("half "))).rejects.toThrow("full");
    isFull = false;
    await uploads.commit(target, chunk("lf").at(2, 2), digestOf("half"));
    expect(await textOf(stock, digestOf("half"))).toBe("half");
  });

  test("is unknown to every call when it was given up, or never was", async () => {
    const { stock, uploads, target } = await begin();
    await uploads.append(target, chunk("x"));
    await uploads.cancel(target);
    const never: UploadTarget = { name: app, id: stock.store.uuid() };
    for (const unknown of [target, never]) {
      expect([
        await codeOf(uploads.size(unknown)),
        await codeOf(uploads.append(unknown, chunk("x"))),
        await codeOf(uploads.cancel(unknown)),
        await codeOf(uploads.commit(unknown, chunk("x"), digestOf("x"))),
      ]).toEqual(["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_UNKNOWN"]);
    }
  });

  test("belongs to its repository", async () => {
    const { uploads, target } = await begin();
    expect(await codeOf(uploads.append({ ...target, name: named("other") }, chunk("x")))).toBe("BLOB_UPLOAD_UNKNOWN");
  });

  test("ends an older request for a newer one", async () => {
    const { stock, uploads, target } = await begin();
    const endless = async function* (signal: AbortSignal) {
      yield utf8("one ");
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    const older = codeOf(uploads.append(target, { body: endless, range: undefined }));
    await uploads.append(target, chunk("two"));
    await uploads.commit(target, nothing, digestOf("one two"));
    expect([await older, await textOf(stock, digestOf("one two"))]).toEqual(["UPLOAD_BUSY", "one two"]);
  });

  test("is busy while somebody else holds it", async () => {
    const waits: number[] = [];
    const { uploads, target } = await begin((driver) =>
      answering(driver, {
        uploads: {
          open: async (_key, { waitMs }) => {
            waits.push(waitMs);
            return "busy";
          },
        },
      }),
    );
    expect([
      await codeOf(uploads.append(target, chunk("x"))),
      await codeOf(uploads.commit(target, nothing, digestOf(""))),
      await codeOf(uploads.cancel(target)),
      waits,
    ]).toEqual(["UPLOAD_BUSY", "UPLOAD_BUSY", "UPLOAD_BUSY", [5000, 5000, 5000]]);
  });
});

test("the hashes that are kept between requests are bounded, and never needed", async () => {
  const stock = stocked();
  const uploads = new StoreUploads(stock.store);
  const targets: UploadTarget[] = [];
  for (let index = 0; index < 1050; index += 1) targets.push(await uploads.start(app, "sha512"));
  const first = targets[0];
  if (first === undefined) throw new Error("none");
  await uploads.append(first, chunk("x"));
  await uploads.commit(first, nothing, hashBytes(utf8("x"), "sha512"));
  expect(await stock.store.objects.stat(uploadKey(app, first.id))).toBeUndefined();
});
