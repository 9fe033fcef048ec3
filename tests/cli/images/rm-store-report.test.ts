import { expect, test } from "bun:test";
import { createStoreReport, type PlannedRepository } from "../../../src/cli/images/rm-store-report.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { named, tagged } from "../../registry/stocked.ts";
import { fakeIo } from "../fake-io.ts";
import { linesOf } from "./served.ts";

const digest = `sha256:${"a".repeat(64)}` as Digest;
const other = `sha256:${"b".repeat(64)}` as Digest;
const wishes = { isDryRun: true, isAgreed: true, mayTakeAllTags: false, isJson: false };
const schedule = { graceMs: 0, intervalMs: undefined, deletesUntagged: false };

const planned: PlannedRepository = {
  name: named("app"),
  plan: {
    tags: Array.from({ length: 14 }, (_, index) => ({ tag: tagged(`v${index}`), digest })),
    manifests: [{ digest, because: "untagged", image: undefined }],
    kept: (["tag", "index", "subject", "touched", "unreadable"] as const).map((because) => ({
      digest: other,
      because,
      by: because === "tag" ? ["x", "y"] : [digest],
    })),
    immutable: [tagged("release")],
    unknown: [],
    isComplete: false,
    problems: ["a link"],
    freed: { count: 1, sizeBytes: 10 },
    shared: { count: 2, sizeBytes: 20 },
    free: undefined,
  },
};

test("a plan says everything that stays, and why", () => {
  const io = fakeIo();
  createStoreReport(io, { wishes, schedule, isExact: false, nowMs: 0 }).plan([planned]);
  expect(linesOf(io.output())).toEqual([
    "app: 14 tags, 1 manifest, and more in further rounds",
    "tags: v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11 and 2 more",
    "stays: release (immutable)",
    "stays: sha256:bbbbbbbbbbbb, which x, y lead to",
    "stays: sha256:bbbbbbbbbbbb, which the index sha256:aaaaaaaaaaaa names",
    "stays: sha256:bbbbbbbbbbbb, which refers to sha256:aaaaaaaaaaaa",
    "stays: sha256:bbbbbbbbbbbb, which somebody has just asked for, perhaps to push an index over it",
    "stays: sha256:bbbbbbbbbbbb, which something that cannot be read may need",
    "cannot be read: a link",
    "at most 1 blob, 10 B, would become garbage; free after two runs of `registry gc`",
    "2 blobs, 20 B, stay: something else needs them",
  ]);
});

test("many repositories are not all shown", () => {
  const io = fakeIo();
  createStoreReport(io, { wishes, schedule, isExact: true, nowMs: 0 }).plan(Array(52).fill(planned));
  expect(io.output()).toContain("and 2 more repositories\n");
});

test("what stays although it was to go makes the exit code 1", () => {
  const io = fakeIo();
  const report = createStoreReport(io, { wishes, schedule, isExact: true, nowMs: 0 });
  const kept = [{ tag: tagged("v1"), digest, reason: "the tag points to another manifest now" }];
  report.done(named("app"), { tags: [{ tag: tagged("v2"), digest }], manifests: [], kept });
  expect([report.finish(), io.output(), io.errors()]).toEqual([
    1,
    "deleted: 1 tag, 0 manifests\n",
    "app:v1 stays: the tag points to another manifest now\n",
  ]);
});
