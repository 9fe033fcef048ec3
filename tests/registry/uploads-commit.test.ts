// The moment when an upload becomes a blob, and what others do meanwhile.

import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { blobKey, layerLink } from "../../src/registry/layout.ts";
import type { LockedDriver } from "../storage/contract.ts";
import { answering, intercept } from "../storage/intercepted.ts";
import { damagedLinks, isInPlace, trashBlob } from "./disturbed.ts";
import { stockedBucket } from "./on-bucket.ts";
import { codeOf } from "./refused.ts";
import { app, begin, chunk, nothing, textOf } from "./sessions.ts";
import { digestOf, named, pushBlob, stocked, utf8 } from "./stocked.ts";

describe("a commit", () => {
  const digest = digestOf("x");

  test("moves the bytes, then takes the lock shared, writes the link, and looks for the bytes", async () => {
    const calls: string[] = [];
    const { uploads, target } = await begin((driver) =>
      answering(
        intercept(driver, {
          locks: { take: (name, mode) => void calls.push(`lock ${mode} ${name}`) },
          objects: {
            put: (key) => void calls.push(`write ${key}`),
            stat: (key) => void (key === blobKey(digest) && calls.push("look")),
          },
          uploads: { discard: () => void calls.push("discard") },
        }),
        {
          uploads: {
            open: async (key, options) => {
              calls.push("hold");
              return driver.uploads.open(key, options);
            },
          },
        },
      ),
    );
    await uploads.commit(target, chunk("x"), digest);
    expect(calls).toEqual(["hold", "lock shared app", `write ${layerLink(app, digest)}`, "look", "discard"]);
  });

  test("lets go of the session only when the bytes are in their place", async () => {
    const order: string[] = [];
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const { uploads, target } = await begin((driver) =>
      answering(driver, {
        uploads: {
          open: async (key, options) => {
            const upload = await driver.uploads.open(key, options);
            if (upload === undefined || upload === "busy") return upload;
            const commit = async (to: string) => {
              await turn();
              await upload.commit(to);
              order.push("committed");
            };
            const dispose = async () => {
              await upload[Symbol.asyncDispose]();
              order.push("let go");
            };
            return Object.assign(Object.create(upload), { commit, [Symbol.asyncDispose]: dispose });
          },
        },
      }),
    );
    await uploads.commit(target, chunk("x"), digest);
    expect(order).toEqual(["committed", "let go"]);
  });

  test("brings the bytes back that a collector took between the two", async () => {
    const { stock, uploads, target } = await begin((driver) =>
      intercept(driver, { locks: { take: () => trashBlob({ store: stock.store }, digest) } }),
    );
    await uploads.commit(target, chunk("x"), digest);
    expect(await isInPlace(stock, digest)).toBe(true);
  });

  test("acknowledges nothing when the bytes are lost meanwhile, and leaves no link to them", async () => {
    const { stock, uploads, target } = await begin((driver) =>
      intercept(driver, { locks: { take: async () => void (await driver.objects.delete(blobKey(digest))) } }),
    );
    expect(await codeOf(uploads.commit(target, chunk("x"), digest))).toBe("UNAVAILABLE");
    expect(await stock.store.objects.stat(layerLink(app, digest))).toBeUndefined();
  });

  test("waits for who takes away from the repository", async () => {
    const { stock, uploads, target } = await begin();
    const alone = await stock.store.locks.take(app, "alone", { waitMs: 0 });
    let isDone = false;
    const committing = uploads.commit(target, chunk("x"), digest).then(() => {
      isDone = true;
    });
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const before = isDone;
    alone?.[Symbol.dispose]();
    await committing;
    expect([before, await textOf(stock, digest)]).toEqual([false, "x"]);
  });

  test("replaces bytes that are damaged", async () => {
    const { stock, uploads, target } = await begin();
    await stock.store.objects.put(blobKey(digest), utf8("damaged"));
    await uploads.commit(target, chunk("x"), digest);
    expect(await textOf(stock, digest)).toBe("x");
  });

  test("of a blob that is there already holds it too", async () => {
    const stock = stocked();
    await pushBlob(stock, "other", "x");
    await pushBlob(stock, "app", "x");
    await stock.registry.repository(named("other"), anonymous()).blobs.delete(digest);
    expect(await textOf(stock, digest)).toBe("x");
  });
});

describe("a commit whose answer was lost", () => {
  const digest = digestOf("x");

  /** A session whose bytes have become a blob this long ago. */
  async function repeated(ageMs: number, wrap?: (driver: LockedDriver) => LockedDriver) {
    const { stock, uploads, target } = await begin(wrap);
    await uploads.commit(target, chunk("x"), digest);
    stock.wait(ageMs);
    return { stock, again: (of: Digest = digest) => codeOf(uploads.commit(target, nothing, of)) };
  }

  test("is answered again as long as the blob is there, and promises it anew", async () => {
    const { stock, again } = await repeated(1_000_000);
    expect([await again(), (await stock.store.objects.stat(layerLink(app, digest)))?.changedMs]).toEqual([
      "done",
      stock.store.now(),
    ]);
  });

  test("brings the blob back from the trash first", async () => {
    const { stock, again } = await repeated(5000);
    await trashBlob(stock, digest);
    expect([await again(), await isInPlace(stock, digest)]).toEqual(["done", true]);
  });

  test("is unknown for another digest, without the bytes, and without the link", async () => {
    const { stock, again } = await repeated(5000);
    const answers = [await again(digestOf("y"))];
    await stock.store.objects.delete(blobKey(digest));
    answers.push(await again());
    await pushBlob(stock, "other", "x");
    await stock.store.objects.delete(layerLink(app, digest));
    expect([...answers, await again()]).toEqual(["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_UNKNOWN"]);
  });

  test.each(damagedLinks)("is unknown where the link is %s", async (_damage, bytes) => {
    const { stock, again } = await repeated(5000);
    await stock.store.objects.put(layerLink(app, digest), bytes);
    expect(await again()).toBe("BLOB_UPLOAD_UNKNOWN");
  });

  test("is unknown when the link goes while it waits for the lock", async () => {
    let isGoing = false;
    const { again } = await repeated(5000, (driver) =>
      intercept(driver, {
        locks: { take: async () => void (isGoing && (await driver.objects.delete(layerLink(app, digest)))) },
      }),
    );
    isGoing = true;
    expect(await again()).toBe("BLOB_UPLOAD_UNKNOWN");
  });
});

describe("a commit to a bucket, of what a collection is about to take", () => {
  const digest = digestOf("x");
  const notice = "notices/blobs/900-00000000-0000-4000-8000-000000000001";

  /** Whose collection takes the blob while the second look waits; what the commit came to. */
  async function commitMeanwhile(pieces: readonly string[], last: string) {
    using bucket = stockedBucket();
    const { stock, engine } = bucket;
    const { uploads } = stock.registry.repository(app, anonymous());
    const id = await uploads.start("sha256");
    for (const piece of pieces) await uploads.append(id, chunk(piece));
    engine.objects.set(notice, utf8(blobKey(digest)));
    let looks = 0;
    engine.fault = ({ query }) => {
      if (query.get("prefix") === "notices/blobs/") looks += 1;
      if (looks === 2) for (const key of [notice, blobKey(digest)]) engine.objects.remove(key);
      return undefined;
    };
    const outcome = await codeOf(uploads.commit(id, chunk(last), digest));
    return { outcome, isThere: engine.objects.get(blobKey(digest)) !== undefined };
  }

  test("puts the bytes again if they lie beside the session", async () => {
    expect(await commitMeanwhile(["x"], "")).toEqual({ outcome: "done", isThere: true });
  });

  test("asks for them again if they went to their place at once", async () => {
    expect(await commitMeanwhile([], "x")).toEqual({ outcome: "UNAVAILABLE", isThere: false });
  });
});
