import { describe, expect, test } from "bun:test";
import { addressOf, copySourceOf, encodeKey } from "../../../src/storage/s3/address.ts";

const bucket = {
  endpoint: new URL("https://s3.eu-west-1.amazonaws.com"),
  bucket: "images",
  isPathStyle: false,
  prefix: "",
};

describe("addressOf()", () => {
  test.each([
    [bucket, "a/b", {}, "https://images.s3.eu-west-1.amazonaws.com/a/b"],
    [{ ...bucket, prefix: "some/root/" }, "a/b", {}, "https://images.s3.eu-west-1.amazonaws.com/some/root/a/b"],
    [
      { ...bucket, prefix: "root/" },
      "",
      { "list-type": "2" },
      "https://images.s3.eu-west-1.amazonaws.com/?list-type=2",
    ],
    [bucket, "", { "list-type": "2" }, "https://images.s3.eu-west-1.amazonaws.com/?list-type=2"],
    [{ ...bucket, isPathStyle: true }, "a/b", {}, "https://s3.eu-west-1.amazonaws.com/images/a/b"],
    [{ ...bucket, isPathStyle: true }, "", { delete: "" }, "https://s3.eu-west-1.amazonaws.com/images?delete="],
    [
      { ...bucket, endpoint: new URL("http://127.0.0.1:9000/store/"), isPathStyle: true },
      "a",
      {},
      "http://127.0.0.1:9000/store/images/a",
    ],
  ])("of %p and %p with %p is %p", (address, key, query, want) => {
    expect(addressOf(address, key, query as Record<string, string>).href).toBe(want);
  });
});

test("encodeKey() escapes everything but slashes and what needs no escape", () => {
  expect(encodeKey("a+b/c d/!(*)'/sha256:ü~._-")).toBe("a%2Bb/c%20d/%21%28%2A%29%27/sha256%3A%C3%BC~._-");
});

test("copySourceOf() names bucket and key", () => {
  expect([copySourceOf(bucket, "a/b c"), copySourceOf({ ...bucket, prefix: "root/" }, "a")]).toEqual([
    "/images/a/b%20c",
    "/images/root/a",
  ]);
});
