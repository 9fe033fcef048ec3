import { expect, test } from "bun:test";
import { formatError, isClientGone, isFailure } from "../../src/http/errors.ts";
import { type ErrorCode, RegistryError } from "../../src/oci/errors.ts";

/** What the spec's table of error codes has for 4xx, and what distribution adds. */
const specCodes = [
  "BLOB_UNKNOWN",
  "BLOB_UPLOAD_INVALID",
  "BLOB_UPLOAD_UNKNOWN",
  "DIGEST_INVALID",
  "MANIFEST_BLOB_UNKNOWN",
  "MANIFEST_INVALID",
  "MANIFEST_UNKNOWN",
  "NAME_INVALID",
  "NAME_UNKNOWN",
  "SIZE_INVALID",
  "UNAUTHORIZED",
  "DENIED",
  "UNSUPPORTED",
  "TOOMANYREQUESTS",
  "PAGINATION_NUMBER_INVALID",
];

test.each<[ErrorCode, number, string]>([
  ["BLOB_UNKNOWN", 404, "BLOB_UNKNOWN"],
  ["BLOB_UPLOAD_INVALID", 400, "BLOB_UPLOAD_INVALID"],
  ["BLOB_UPLOAD_UNKNOWN", 404, "BLOB_UPLOAD_UNKNOWN"],
  ["DIGEST_INVALID", 400, "DIGEST_INVALID"],
  ["MANIFEST_BLOB_UNKNOWN", 404, "MANIFEST_BLOB_UNKNOWN"],
  ["MANIFEST_INVALID", 400, "MANIFEST_INVALID"],
  ["MANIFEST_UNKNOWN", 404, "MANIFEST_UNKNOWN"],
  ["NAME_INVALID", 400, "NAME_INVALID"],
  ["NAME_UNKNOWN", 404, "NAME_UNKNOWN"],
  ["SIZE_INVALID", 400, "SIZE_INVALID"],
  ["DENIED", 403, "DENIED"],
  ["UNAUTHORIZED", 401, "UNAUTHORIZED"],
  ["UNSUPPORTED", 405, "UNSUPPORTED"],
  ["METHOD_NOT_ALLOWED", 405, "UNSUPPORTED"],
  ["NOT_FOUND", 404, "UNSUPPORTED"],
  ["PAGE_INVALID", 400, "PAGINATION_NUMBER_INVALID"],
  ["RANGE_NOT_SATISFIABLE", 416, "SIZE_INVALID"],
  ["REQUEST_INVALID", 400, "UNSUPPORTED"],
  ["TAG_INVALID", 400, "MANIFEST_INVALID"],
  ["TOO_LARGE", 413, "SIZE_INVALID"],
  ["TOO_MANY_REQUESTS", 429, "TOOMANYREQUESTS"],
  ["TOO_MANY_TAGS", 414, "MANIFEST_INVALID"],
  ["UNAVAILABLE", 503, "UNAVAILABLE"],
  ["UPLOAD_BUSY", 409, "BLOB_UPLOAD_INVALID"],
  ["UPLOAD_OUT_OF_ORDER", 416, "BLOB_UPLOAD_INVALID"],
  ["UPLOAD_STALLED", 408, "BLOB_UPLOAD_INVALID"],
])("%s is answered with %p and %s", async (code, status, wire) => {
  const response = formatError(new RegistryError(code));
  const body = (await response.json()) as { errors: { code: string; message: string }[] };
  expect([response.status, body.errors.map((entry) => [entry.code, entry.message.length > 0])]).toEqual([
    status,
    [[wire, true]],
  ]);
  expect(status >= 500 || specCodes.includes(wire)).toEqual(true);
});

test("a refusal brings its own sentence, detail and headers", async () => {
  const response = formatError(
    new RegistryError("UPLOAD_BUSY", {
      message: "wait",
      detail: { id: "1" },
      retryAfterSeconds: 5,
      headers: { Allow: "GET" },
      cause: new Error("secret"),
    }),
  );
  expect([
    response.status,
    response.headers.get("retry-after"),
    response.headers.get("allow"),
    response.headers.get("content-type"),
    await response.json(),
  ]).toEqual([
    409,
    "5",
    "GET",
    "application/json;charset=utf-8",
    { errors: [{ code: "BLOB_UPLOAD_INVALID", message: "wait", detail: { id: "1" } }] },
  ]);
});

test("every missing digest is an entry of its own, up to a hundred", async () => {
  const digests = Array.from({ length: 150 }, (_, index) => `sha256:${index}`);
  const response = formatError(new RegistryError("MANIFEST_BLOB_UNKNOWN", { detail: { name: "a", digests } }));
  const { errors } = (await response.json()) as { errors: unknown[] };
  expect([errors.length, errors[99]]).toEqual([
    100,
    {
      code: "MANIFEST_BLOB_UNKNOWN",
      message: "manifest references a manifest or blob unknown to registry",
      detail: { digest: "sha256:99" },
    },
  ]);
});

test.each([
  ["ENOSPC", 507, "UNAVAILABLE", "10"],
  ["EDQUOT", 507, "UNAVAILABLE", "10"],
  ["EROFS", 503, "UNAVAILABLE", "10"],
  ["EIO", 503, "UNAVAILABLE", "10"],
  ["EMFILE", 503, "UNAVAILABLE", "10"],
  ["ENFILE", 503, "UNAVAILABLE", "10"],
  ["ES3", 503, "UNAVAILABLE", "10"],
  ["EACCES", 500, "UNKNOWN", null],
  ["toString", 500, "UNKNOWN", null],
])("a system error %s is answered with %p, without its text", async (code, status, wire, retryAfter) => {
  const response = formatError(Object.assign(new Error("secret /path"), { code }));
  const text = await response.text();
  expect([
    response.status,
    (JSON.parse(text) as { errors: { code: string }[] }).errors[0]?.code,
    response.headers.get("retry-after"),
    text.includes("secret"),
  ]).toEqual([status, wire, retryAfter, false]);
});

test.each([[new Error("secret")], ["secret"], [{ code: "ENOSPC" }], [undefined], [null]])(
  "whatever else is thrown is a 500 that tells nothing",
  async (thrown) => {
    const response = formatError(thrown);
    expect([response.status, await response.json()]).toEqual([
      500,
      { errors: [{ code: "UNKNOWN", message: "internal error" }] },
    ]);
  },
);

test.each([
  ["a refusal", new RegistryError("BLOB_UNKNOWN"), false, false],
  ["a client that went away", new DOMException("The operation was aborted.", "AbortError"), true, false],
  ["another DOMException", new DOMException("x", "DataCloneError"), false, true],
  ["an error", new Error("x"), false, true],
  ["no error at all", undefined, false, true],
] as const)("isClientGone() and isFailure() of %s", (_name, error, isGone, isOurs) => {
  expect([isClientGone(error), isFailure(error)]).toEqual([isGone, isOurs]);
});
