import { describe, expect, test } from "bun:test";
import { codeOf, failureOf, S3Failure } from "../../../src/storage/s3/failure.ts";
import { parseXml } from "../../../src/storage/s3/xml.ts";

describe("failureOf()", () => {
  test.each([
    [503, {}, "<Error><Code>SlowDown</Code></Error>", "PUT a was answered 503 SlowDown", undefined],
    [503, { "retry-after": "3" }, "", "PUT a was answered 503", 3000],
    [503, { "retry-after": "86400" }, "", "PUT a was answered 503", 60_000],
    [502, {}, "<html><br>Bad Gateway", "PUT a was answered 502", undefined],
    [403, { "x-amz-error-code": "AccessDenied" }, "", "PUT a was answered 403 AccessDenied", undefined],
  ])("of %p with %p and %p", async (status, headers, text, message, retryAfterMs) => {
    const failure = await failureOf("PUT a", { status, headers: new Headers(headers as Record<string, string>), text });
    expect([failure.message, failure.retryAfterMs]).toEqual([message, retryAfterMs]);
  });
});

test.each([
  [0, "ECONNRESET", true],
  [500, "", true],
  [503, "SlowDown", true],
  [501, "NotImplemented", false],
  [412, "PreconditionFailed", false],
  [403, "AccessDenied", false],
])("whether a request answered %p %p may have been carried out: %p", (status, reason, isUnknown) => {
  expect(new S3Failure("PUT a", { status, reason }).isUnknown).toBe(isUnknown);
});

test("codeOf() is told by errors alone", async () => {
  const [error, other] = [await parseXml("<Error><Code>X</Code></Error>"), await parseXml("<Code>X</Code>")];
  expect([error && codeOf(error), other && codeOf(other)]).toEqual(["X", undefined]);
});
