import { describe, expect, test } from "bun:test";
import { formatSigningTime, signAddress, signHeaders } from "../../../src/storage/s3/signature.ts";

const asOfMs = Date.parse("2013-05-24T00:00:00Z");
const bodyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** Of the examples in AWS's documentation of its signatures. */
const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  signingKeys: new Map(),
};
const options = { credentials, region: "us-east-1", service: "s3", asOfMs };

describe("signatures are those of AWS's documentation", () => {
  test("of a listing, in a header", async () => {
    const url = new URL("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J");
    const { headers } = await signHeaders({ method: "GET", url, headers: {}, bodyHash }, options);
    expect(headers.authorization).toEndWith(
      "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    );
  });

  test("of an object, in its address", async () => {
    const url = new URL("https://examplebucket.s3.amazonaws.com/test.txt");
    const signed = await signAddress(
      { method: "GET", url, headers: {}, bodyHash: undefined },
      { ...options, seconds: 86400 },
    );
    expect(new URL(signed.url).searchParams.get("X-Amz-Signature")).toBe(
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    );
  });
});

test("a session's token is signed with the rest, and a body that nobody vouches for is said to be one", async () => {
  const url = new URL("http://store.test/images/a");
  const signing = { ...options, credentials: { ...credentials, sessionToken: "token" } };
  const { headers } = await signHeaders({ method: "PUT", url, headers: {}, bodyHash: undefined }, signing);
  expect([headers["x-amz-security-token"], headers["x-amz-content-sha256"], headers.authorization]).toEqual([
    "token",
    "UNSIGNED-PAYLOAD",
    expect.stringContaining("x-amz-security-token") as never,
  ]);
});

test("formatSigningTime() leaves marks and milliseconds out", () => {
  expect(formatSigningTime(Date.parse("2026-11-29T06:18:03.456Z"))).toBe("20261129T061803Z");
});
