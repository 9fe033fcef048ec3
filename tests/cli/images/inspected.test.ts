import { expect, test } from "bun:test";
import { formatInspected, type InspectedImage, inspectedAsJson } from "../../../src/cli/images/inspected.ts";
import type { Digest } from "../../../src/oci/digest.ts";

const digest = `sha256:${"a".repeat(64)}` as Digest;
const layer = (title: string) => ({
  digest,
  mediaType: "text/plain",
  sizeBytes: 1,
  annotations: { "org.opencontainers.image.title": title },
});

const inspected: InspectedImage = {
  written: "app:v1",
  image: {
    digest,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: "application/x.files",
    kind: "image",
    sizeBytes: 1,
    platforms: [],
    createdMs: undefined,
    config: undefined,
    layers: Array.from({ length: 201 }, (_, index) => layer(`file ${index}`)),
    children: [],
    subject: digest,
    annotations: {},
    manifest: {},
    problem: "it is odd",
  },
  referrers: [],
  hasMoreReferrers: true,
};

test("formatInspected() cuts what is long, and says so", () => {
  const lines = formatInspected(inspected, 0).split("\n");
  expect(lines.filter((line) => line.includes("file "))).toHaveLength(200);
  expect(lines).toContain("  … 1 more (--json has all)");
  expect(lines).toContain("Artifact  application/x.files");
  expect(lines).toContain(`Subject   ${digest}`);
  expect(lines).toContain("Problem   it is odd");
  expect(lines.some((line) => line.includes("there are more"))).toBe(true);
});

test("inspectedAsJson() leaves nothing out", () => {
  expect(inspectedAsJson(inspected)).toMatchObject({
    image: "app:v1",
    digest,
    hasMoreReferrers: true,
    config: undefined,
  });
});
