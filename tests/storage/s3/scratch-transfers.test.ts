import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { openBucketDriver } from "../../../src/storage/s3/bucket-driver.ts";
import { contentText } from "../../content-text.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { bytesOf, take } from "../store-access.ts";
import { openBucket } from "./bucket.ts";
import { openBucketStore } from "./bucket-store.ts";

const key = "proxy/sha256-aa";
const target = "docker/registry/v2/blobs/sha256/aa/aa/data";

test("whoever follows a transfer reads on where it is sent, and knows that it is the one that is stored", async () => {
  using store = await openBucketStore();
  const transfer = await store.driver.transfers.open(key);
  if (transfer === "busy") throw new Error("busy");
  using held = transfer;
  await held.append([bytesOf("all of it")]);
  using following = await store.other.transfers.follow(key);
  await held.commit(target);
  const rest = new TextDecoder().decode(await following?.read(4, 100));
  expect([following?.isInPlace(), following?.isAt(target), following?.isAt(key), rest]).toEqual([
    false,
    true,
    false,
    "of it",
  ]);
  expect(await take(store.other, target)).toBe("all of it");
});

test("what another node stored is read from the bucket", async () => {
  using store = await openBucketStore();
  await store.driver.objects.put(target, bytesOf("from elsewhere"));
  using following = await store.driver.transfers.follow(target);
  const text = new TextDecoder().decode(await following?.read(5, 100));
  const past = await following?.read(100, 10);
  expect([following?.sizeBytes(), following?.isInPlace(), following?.isAt(target), text, past?.length]).toEqual([
    14,
    true,
    true,
    "elsewhere",
    0,
  ]);
  expect(await store.driver.transfers.follow(`${target}x`)).toBeUndefined();
});

test("a transfer that the bucket does not take stays, for whoever tries again", async () => {
  using store = await openBucketStore();
  store.engine.fault = () => ({ kind: "refused", status: 403, code: "AccessDenied" });
  {
    const transfer = await store.driver.transfers.open(key);
    if (transfer === "busy") throw new Error("busy");
    using held = transfer;
    await held.append([bytesOf("bytes")]);
    await expect(held.commit(target)).rejects.toMatchObject({ code: "ES3" });
  }
  const again = await store.other.transfers.open(key);
  if (again === "busy") throw new Error("busy");
  using held = again;
  expect([held.sizeBytes, await contentText(held.content()), store.engine.keys()]).toEqual([5, "bytes", []]);
});

test("without anybody who reads along, a file takes no room once it was sent", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const { objects } = openBucket();
  const traits = { isExpiryEnforced: true, areEtagsMd5: true };
  const newId = () => crypto.randomUUID();
  const options = { objects, newId, traits, scratch: directory.path, partMemoryBytes: 1_000_000, isUnread: true };
  const driver = openBucketDriver(options);
  const transfer = await driver.transfers.open(key);
  if (transfer === "busy") throw new Error("busy");
  {
    using held = transfer;
    await held.append([bytesOf("bytes")]);
    await held.commit(target);
  }
  expect(await take(driver, target)).toBe("bytes");
  expect(readdirSync(directory.path).flatMap((name) => readdirSync(`${directory.path}/${name}`))).toEqual([]);
});
