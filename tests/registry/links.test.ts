import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import { followLink, putLink, readLink } from "../../src/registry/links.ts";
import { type Store, withAdding } from "../../src/registry/store.ts";
import type { LockedDriver } from "../storage/contract.ts";
import { intercept } from "../storage/intercepted.ts";
import { stockedBucket } from "./on-bucket.ts";
import { digestOf, named, stocked, utf8 } from "./stocked.ts";

const digest = digestOf("x");
const long = hashBytes(utf8("x"), "sha512");
const key = "docker/link";
const minuteMs = 60_000;

test.each([
  ["a digest", digest, digest],
  ["a long digest", long, long],
  ["a digest with a newline", `${digest}\n`, digest],
  ["nothing", "", undefined],
  ["a newline", "\n", undefined],
  ["half of a digest", digest.slice(0, 40), undefined],
  ["two digests", digest + digest, undefined],
  ["upper case", digest.toUpperCase(), undefined],
  ["another algorithm", `md5:${"a".repeat(32)}`, undefined],
  ["far too much", digest.padEnd(1025), undefined],
  ["no text", "\u0000\uFFFD", undefined],
])("readLink() of %s", async (_what, text, want) => {
  const { store } = stocked();
  await store.objects.put(key, utf8(text));
  expect(await readLink(store, key)).toEqual(want);
});

test("readLink() of what is not there", async () => {
  expect(await readLink(stocked().store, key)).toBeUndefined();
});

test.each([
  ["the same", digest, digest, digest],
  ["another one of the same algorithm", digestOf("y"), digest, undefined],
  ["sha512 in a sha256 link", long, digest, undefined],
  ["sha256 in a sha512 link, as registry:2 files it", digest, long, digest],
  ["the same sha512", long, long, long],
])("followLink() to %s", async (_what, content, of, want) => {
  const { store } = stocked();
  await store.objects.put(key, utf8(content));
  expect(await followLink(store, key, of)).toEqual(want);
});

function add(store: Store): Promise<boolean> {
  return withAdding(store, named("app"), (adding) => putLink(store, key, { adding, digest }));
}

describe("putLink()", () => {
  /** What the call does to a link with this content, which is a minute and a bit old where `isOld`. */
  async function effects(content: string | undefined, { isOld }: { readonly isOld: boolean }) {
    const calls: string[] = [];
    const wrap = (driver: LockedDriver) =>
      intercept(driver, { objects: { put: () => void calls.push("write"), renew: () => void calls.push("touch") } });
    const stock = stocked(wrap);
    if (content !== undefined) await stock.store.objects.put(key, utf8(content));
    stock.wait(isOld ? minuteMs + 1 : minuteMs);
    calls.length = 0;
    await add(stock.store);
    const stat = await stock.store.objects.stat(key);
    return { calls, digest: await readLink(stock.store, key), ageMs: stock.store.now() - (stat?.changedMs ?? 0) };
  }

  const done = { digest, ageMs: 0 };
  test.each([
    ["is absent", undefined, true, ["write"]],
    ["is whole and settled", digest, true, ["touch"]],
    ["is whole and young: its writer may not have synced it", digest, false, ["write"]],
    ["has a newline, which the Go registries stumble over", `${digest}\n`, true, ["write"]],
    ["is empty", "", true, ["write"]],
    ["says something else", digestOf("y"), true, ["write"]],
  ])("where the link %s", async (_what, content, isOld, calls) => {
    expect(await effects(content, { isOld })).toEqual({ ...done, calls });
  });

  test("where the link goes between the look and the touch", async () => {
    let isGone = false;
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: {
          renew: async () => {
            isGone = await driver.objects.delete(key);
          },
        },
      }),
    );
    await stock.store.objects.put(key, utf8(digest));
    stock.wait(minuteMs + 1);
    await add(stock.store);
    expect([isGone, await readLink(stock.store, key)]).toEqual([true, digest as Digest]);
  });

  test.each([
    ["was there for long", minuteMs, false, true],
    ["was there for long and the answer is lost", minuteMs, true, true],
    ["is absent", undefined, false, false],
  ])("in a bucket, where the link %s", async (_what, ageMs, isLost, wasThere) => {
    using bucket = stockedBucket();
    const { stock, engine } = bucket;
    await stock.store.objects.stat("anything");
    if (ageMs !== undefined) await stock.store.objects.put(key, utf8(digest));
    stock.wait(ageMs ?? 0);
    engine.fault = ({ method }) => {
      if (!isLost || method !== "PUT") return undefined;
      engine.fault = () => undefined;
      return { kind: "lost" };
    };
    const isNew = await add(stock.store);
    expect([isNew, (await stock.store.objects.stat(key))?.changedMs]).toEqual([!wasThere, stock.store.now()]);
  });

  test("where the link is of a clock that was ahead", async () => {
    const stock = stocked();
    stock.wait(minuteMs);
    await stock.store.objects.put(key, utf8(digest));
    stock.wait(-2 * minuteMs);
    await add(stock.store);
    expect((await stock.store.objects.stat(key))?.changedMs).toBe(stock.store.now());
  });
});
