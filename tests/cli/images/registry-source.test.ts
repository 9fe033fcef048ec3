import { expect, test } from "bun:test";
import { readReferrer } from "../../../src/cli/images/registry-source.ts";
import type { Digest } from "../../../src/oci/digest.ts";

const digest = `sha256:${"a".repeat(64)}` as Digest;
const entry = { mediaType: "application/x", digest, size: 3 };

test.each([
  [entry, { digest, mediaType: "application/x", sizeBytes: 3, artifactType: undefined, annotations: {} }],
  [
    { ...entry, artifactType: "application/y", annotations: { a: "b", c: 1 } },
    { digest, mediaType: "application/x", sizeBytes: 3, artifactType: "application/y", annotations: { a: "b" } },
  ],
  [{ ...entry, size: "3" }, undefined],
  [null, undefined],
])("readReferrer(%j)", (value, want) => {
  expect(readReferrer(value)).toEqual(want as never);
});
