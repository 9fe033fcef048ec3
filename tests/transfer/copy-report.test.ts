import { expect, test } from "bun:test";
import { countCopies } from "../../src/transfer/copy-report.ts";
import { digestOf } from "../registry/stocked.ts";

test("countCopies() counts what is known, what was sent and what was there", () => {
  const { report, summary } = countCopies();
  report({ kind: "blob", sizeBytes: 10 });
  report({ kind: "skipped", how: "resumed", sizeBytes: 4 });
  report({ kind: "bytes", sizeBytes: 6 });
  report({ kind: "sent", digest: digestOf("x") });
  report({ kind: "manifest", digest: digestOf("y"), isNew: true });
  report({ kind: "manifest", digest: digestOf("z"), isNew: false });
  expect(summary()).toEqual({ manifests: 1, blobs: 1, sentBlobs: 1, sentBytes: 6, knownBytes: 10, skippedBytes: 4 });
});
