import { expect, test } from "bun:test";
import { hashBytes } from "../../src/oci/hash.ts";
import { type AliasVerdict, isSameContent, judgeAlias } from "../../src/registry/aliases.ts";
import { blobKey } from "../../src/registry/layout.ts";
import { intercept } from "../storage/intercepted.ts";
import { digestOf, stocked, utf8 } from "./stocked.ts";

const long = hashBytes(utf8("x"), "sha512");

/** What lies under the digest of "x" or "y", judged as the bytes of the long digest of "x". */
async function judged(of: "x" | "y", bytes: string) {
  let reads = 0;
  const count = () => {
    reads += 1;
  };
  const stock = stocked((driver) => intercept(driver, { objects: { open: count } }));
  const target = digestOf(of);
  const judge = async () => {
    const stat = await stock.store.objects.stat(blobKey(target));
    if (stat === undefined) throw new Error("there is no blob");
    return await Promise.all([1, 2].map(() => judgeAlias(stock.store, { digest: long, target, stat })));
  };
  await stock.store.objects.put(blobKey(target), utf8(bytes));
  return { stock, target, judge, reads: () => reads };
}

test.each([
  ["same", "x", "x"],
  ["other", "y", "y"],
  ["damaged", "x", "z"],
] as const satisfies readonly (readonly [AliasVerdict, string, string])[])(
  "judgeAlias() is %p, found by one reading however often it is asked",
  async (want, of, bytes) => {
    const { judge, reads } = await judged(of, bytes);
    expect([await judge(), await judge(), reads()]).toEqual([[want, want], [want, want], 1]);
  },
);

test("judgeAlias() reads again what was replaced, and nothing where both digests are one", async () => {
  const { stock, target, judge, reads } = await judged("x", "z");
  await judge();
  await stock.store.objects.put(blobKey(target), utf8("x"));
  const stat = await stock.store.objects.stat(blobKey(target));
  if (stat === undefined) throw new Error("there is no blob");
  const answers = [await judge(), await isSameContent(stock.store, { digest: target, target, stat })];
  expect([answers, reads()]).toEqual([[["same", "same"], true], 2]);
});

test("judgeAlias() of bytes that cannot be read is asked again the next time", async () => {
  let isBroken = true;
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        open: () => {
          if (isBroken) throw new Error("EIO");
        },
      },
    }),
  );
  await stock.store.objects.put(blobKey(digestOf("x")), utf8("x"));
  const stat = await stock.store.objects.stat(blobKey(digestOf("x")));
  if (stat === undefined) throw new Error("there is no blob");
  const judge = () => judgeAlias(stock.store, { digest: long, target: digestOf("x"), stat });
  expect(judge()).rejects.toThrow("EIO");
  isBroken = false;
  expect(await judge()).toBe("same");
});
