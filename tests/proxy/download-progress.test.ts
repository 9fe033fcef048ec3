import { expect, test } from "bun:test";
import { RegistryError } from "../../src/oci/errors.ts";
import { hashBytes, startHash } from "../../src/oci/hash.ts";
import { Checkpoints } from "../../src/proxy/checkpoints.ts";
import { DownloadProgress } from "../../src/proxy/download-progress.ts";
import { heldBackBytes } from "../../src/proxy/pass-through.ts";

const content = new Uint8Array(200_000).fill(7);

function start() {
  const readers: number[] = [];
  const source = {
    host: "up.example",
    upstream: "https://up.example/",
    digest: hashBytes(content, "sha256"),
    expectedBytes: content.length,
    pauseMs: 1,
    leastRate: { bytesPerSecond: 0, windowMs: 1000 },
    wrong: () => new RegistryError("UPSTREAM_INVALID"),
    open: async () => undefined,
  };
  let isClosed = false;
  const progress = new DownloadProgress(source, {
    onReaders: (count) => void readers.push(count),
    onClosed: () => void readers.push(-1),
  });
  progress.readFrom({
    sizeBytes: () => content.length,
    isInPlace: () => true,
    isAt: () => false,
    read: async (offset, maxBytes) => content.slice(offset, offset + maxBytes),
    [Symbol.dispose]: () => {
      isClosed = true;
    },
  });
  return { progress, readers, isClosed: () => isClosed };
}

test("the last bytes are handed out only when all are verified", async () => {
  const { progress, readers, isClosed } = start();
  progress.arrive(content.length);
  const before = progress.availableBytes;
  let sizeBytes = 0;
  const reading = (async () => {
    for await (const piece of progress.read()) sizeBytes += piece.length;
  })();
  while (sizeBytes < before) await new Promise(setImmediate);
  const seen = sizeBytes;
  progress.finish({ kind: "verified" });
  progress.close();
  await reading;
  expect([seen, sizeBytes, progress.totalBytes, progress.isReleased, readers, isClosed()]).toEqual([
    content.length - heldBackBytes,
    content.length,
    content.length,
    true,
    [1, 0, -1],
    true,
  ]);
});

test("a failure reaches who waits", async () => {
  const { progress } = start();
  const reading = progress.read().next();
  progress.finish({ kind: "failed", error: new Error("wrong") });
  expect(await reading.catch((error: Error) => error.message)).toBe("wrong");
  expect(progress.totalBytes).toBe(content.length);
  progress.arrive(content.length);
  expect(progress.availableBytes).toBe(content.length - heldBackBytes);
});

test("a reader whose file is emptied in the middle of a read, since the verified blob cannot be kept, resumes by itself", async () => {
  const { progress } = start();
  const asked: number[] = [];
  progress.readFrom({
    sizeBytes: () => 0,
    isInPlace: () => true,
    isAt: () => false,
    read: async (offset) => {
      asked.push(offset);
      progress.finish({ kind: "uncached", checkpoints: new Checkpoints(startHash("sha256")) });
      return new Uint8Array();
    },
    [Symbol.dispose]: () => undefined,
  });
  progress.arrive(content.length);
  progress.finish({ kind: "verified" });
  // The source has nothing to resume from, and says so; that the file was too short would be said by a reader of the file.
  const outcome = await progress
    .read()
    .next()
    .catch((error: RegistryError) => error.code);
  expect([asked, outcome]).toEqual([[0], "BLOB_UNKNOWN"]);
});
