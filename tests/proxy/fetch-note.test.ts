import { expect, test } from "bun:test";
import { RegistryError } from "../../src/oci/errors.ts";
import { formatFetchNote, parseFetchNote, refusalFor, sharedFailureOf } from "../../src/proxy/fetch-note.ts";
import { digestOf } from "./misbehaving-upstream.ts";

const digest = digestOf("blob");
const progress = { name: "team/app", bytesPerSecond: 5, arrivedBytes: 10, totalBytes: 100 };

test.each([
  ["how far it is", progress],
  ["how far it is of what nobody knows", { ...progress, totalBytes: undefined }],
  [
    "why it failed",
    { ...progress, failure: { code: "UPSTREAM_LIMITED", message: "x", retryAfterSeconds: 5 } as const },
  ],
])("a note tells %s", (_what, note) => {
  expect(parseFetchNote(formatFetchNote(note))).toEqual({ failure: undefined, ...note });
});

test.each([
  ["", undefined],
  ["[]", undefined],
  [`{"name":"a"}`, undefined],
  [`{"name":"a","arrivedBytes":"1"}`, undefined],
  [
    `{"name":"a","bytesPerSecond":"1","arrivedBytes":1,"failure":{"code":"UNAUTHORIZED","message":"x"}}`,
    { name: "a", bytesPerSecond: undefined, arrivedBytes: 1, totalBytes: undefined, failure: undefined },
  ],
  [
    `{"name":"a","bytesPerSecond":"1","arrivedBytes":1,"failure":"none"}`,
    { name: "a", bytesPerSecond: undefined, arrivedBytes: 1, totalBytes: undefined, failure: undefined },
  ],
])("parseFetchNote(%p)", (text, want) => {
  expect(parseFetchNote(text)).toEqual(want);
});

test.each([
  // What failed, and what a node hears that asked for the same repository, and for another one.
  ["UPSTREAM_LIMITED", "UPSTREAM_LIMITED", "UPSTREAM_LIMITED"],
  ["UPSTREAM_UNAVAILABLE", "UPSTREAM_UNAVAILABLE", "UPSTREAM_UNAVAILABLE"],
  ["UPSTREAM_DENIED", "UPSTREAM_DENIED", undefined],
  ["BLOB_UNKNOWN", "BLOB_UNKNOWN", undefined],
  // What may be the node's own fault.
  ["UPSTREAM_UNREACHABLE", undefined, undefined],
  ["UPSTREAM_TIMEOUT", undefined, undefined],
  ["UPSTREAM_INVALID", undefined, undefined],
] as const)("a refusal with %s is told as %p, and to another repository as %p", (code, same, another) => {
  const failure = sharedFailureOf(new RegistryError(code, { message: "so it was", retryAfterSeconds: 5 }));
  const heard = ["team/app", "team/other"].map((name) => refusalFor({ name, digest }, { ...progress, failure })?.code);
  expect(heard).toEqual([same, another]);
});

test("a refusal keeps its words and when to come again; what is no refusal is not shared", () => {
  const failure = sharedFailureOf(new RegistryError("UPSTREAM_LIMITED", { message: "slowly", retryAfterSeconds: 5 }));
  const heard = refusalFor({ name: "a", digest }, { ...progress, failure });
  expect([heard?.message, heard?.refusal.retryAfterSeconds, sharedFailureOf(new Error("disk"))]).toEqual([
    "slowly",
    5,
    undefined,
  ]);
});
