import { expect, test } from "bun:test";
import { choosePlatform, parsePlatform } from "../../src/transfer/platform.ts";
import { digestOf } from "../registry/stocked.ts";

test.each([
  ["linux/arm64", { os: "linux", architecture: "arm64", variant: undefined }],
  ["linux/arm/v7", { os: "linux", architecture: "arm", variant: "v7" }],
  ["linux", undefined],
  ["linux/arm/v7/x", undefined],
  ["Linux/ARM", undefined],
])("parsePlatform(%p)", (text, want) => {
  expect(parsePlatform(text)).toEqual(want as never);
});

const child = (architecture: string, variant?: string) => ({
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  sizeBytes: 1,
  digest: digestOf(`${architecture}${variant}`),
  urls: [],
  platform: { os: "linux", architecture, ...(variant === undefined ? {} : { variant }) },
});
const children = [child("amd64"), child("arm", "v6"), child("arm", "v7")];

test("choosePlatform() takes the first that fits, and says what there is", () => {
  const wanted = { os: "linux", architecture: "arm", variant: undefined };
  expect(choosePlatform(children, wanted, "app").digest).toBe(digestOf("armv6"));
  expect(choosePlatform(children, { ...wanted, variant: "v7" }, "app").digest).toBe(digestOf("armv7"));
  expect(() => choosePlatform(children, { ...wanted, architecture: "riscv64" }, "app")).toThrow(
    "app has nothing for linux/riscv64; it has linux/amd64, linux/arm/v6, linux/arm/v7",
  );
});
