import { expect, test } from "bun:test";
import { createCopyProgress, formatCopyProgress } from "../../../src/cli/transfer/copy-progress.ts";
import { fakeIo } from "../fake-io.ts";

const nothing = { manifests: 0, blobs: 0, sentBlobs: 0, sentBytes: 0, knownBytes: 0, skippedBytes: 0 };

test.each([
  [{ sentBytes: 1_000_000, knownBytes: 3_000_000 }, 500_000, "1.0 MB of 3.0 MB, 500.0 kB/s, 4s left"],
  [{ sentBytes: 1000, skippedBytes: 2000, knownBytes: 3000 }, 10, "3.0 kB of 3.0 kB, 10 B/s"],
  [{ knownBytes: 3000 }, 0, "0 B of 3.0 kB"],
  [{ sentBytes: 1, knownBytes: 180_001 }, 1000, "1 B of 180.0 kB, 1.0 kB/s, 3m left"],
])("formatCopyProgress(%p, %p)", (counted, rate, text) => {
  expect(formatCopyProgress({ ...nothing, ...counted }, rate)).toBe(text);
});

test("progress is shown on a terminal as bytes come, and counted", () => {
  let nowMs = 0;
  const io = fakeIo({ isErrorTerminal: true, now: () => nowMs });
  const progress = createCopyProgress(io);
  progress.report({ kind: "blob", sizeBytes: 4000 });
  for (; nowMs < 2000; nowMs += 500) progress.report({ kind: "bytes", sizeBytes: 500 });
  progress.clear();
  expect(io.errors()).toContain("\r\u001b[K1.5 kB of 4.0 kB, 1.5 kB/s, 2s left");
  expect(progress.summary().sentBytes).toBe(2000);
});
