import { expect, test } from "bun:test";
import { DigestSizes } from "../../src/registry/digest-sizes.ts";
import { digestOf } from "./stocked.ts";

test("DigestSizes gives what was set last, and nothing for what was not", () => {
  const sizes = new DigestSizes();
  const digests = Array.from({ length: 60_000 }, (_, index) => digestOf(`content ${index}`));
  for (const [index, digest] of digests.entries()) sizes.set(digest, index);
  const wrong = digests.filter((digest, index) => sizes.get(digest) !== index);
  const large = 2 ** 52;
  sizes.set(digestOf("content 7"), large);
  expect([
    wrong,
    sizes.get(digestOf("content 7")),
    sizes.get(digestOf("other")),
    new DigestSizes().get(digestOf("a")),
  ]).toEqual([[], large, undefined, undefined]);
});
