import { expect, test } from "bun:test";
import type { RemoteRemoval } from "../../../src/cli/images/rm-registry-plan.ts";
import { createRegistryReport } from "../../../src/cli/images/rm-registry-report.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { named, tagged } from "../../registry/stocked.ts";
import { fakeIo } from "../fake-io.ts";

const digest = `sha256:${"a".repeat(64)}` as Digest;
const app = named("app");
const removal: RemoteRemoval = {
  name: app,
  tags: new Map([[tagged("v1"), digest]]),
  digests: new Set([digest]),
  taken: new Map([[tagged("v2"), digest]]),
  found: new Set(),
};
const wishes = { isDryRun: true, isAgreed: true, mayTakeAllTags: false, isJson: false };

test("a plan for people, and as JSON", () => {
  const [text, json] = [fakeIo(), fakeIo()];
  createRegistryReport(text, "nas", wishes).plan([removal]);
  createRegistryReport(json, "nas", { ...wishes, isJson: true }).plan([removal]);
  expect(text.output()).toBe(
    "nas/app: 1 tag of 1 manifest, 1 manifest with 1 tag\n  tags: v1\n  with the tags: v2\nwhat that frees, and when, is up to nas\n",
  );
  expect(
    json
      .output()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object),
  ).toEqual([
    { kind: "tag", registry: "nas", repository: "app", tag: "v1", digest },
    { kind: "manifest", registry: "nas", repository: "app", digest },
  ]);
});

test("what is done is counted, and what stays makes the exit code 1", () => {
  const io = fakeIo();
  const report = createRegistryReport(io, "nas", { ...wishes, isDryRun: false });
  expect(report.soFar()).toBe("nothing was deleted");
  report.deletedImage(app, digest, ["v1", "v2"]);
  report.deletedTag(app, "v3", digest);
  report.kept(app, "v4", "it has to");
  expect([report.finish(), io.output(), io.errors()]).toEqual([
    1,
    "deleted: 3 tags, 1 manifest\n",
    "nas/app:v4 stays: it has to\n",
  ]);
});
