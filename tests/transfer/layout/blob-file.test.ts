// A blob that two bring at once. Interruptions are shown in destination.test.ts.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { receiveFile } from "../../../src/transfer/layout/blob-file.ts";
import { digestOf, utf8 } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("a blob that two bring at once comes once", async () => {
  using directory = temporaryDirectory();
  let reads = 0;
  const receive = () =>
    receiveFile({
      blob: { digest: digestOf("blob"), sizeBytes: 4, mediaType: "", urls: [], platform: undefined },
      partial: join(directory.path, ".partial/blob"),
      path: join(directory.path, "blobs/blob"),
      arrival: {
        signal: new AbortController().signal,
        onResumed: () => {},
        read: async function* () {
          reads += 1;
          yield utf8("blob");
        },
      },
    });
  await Promise.all([receive(), receive(), receive()]);
  expect([reads, readFileSync(join(directory.path, "blobs/blob"), "utf8")]).toEqual([1, "blob"]);
});

test("the directory of partial blobs may go at any time, as where another copy ends", async () => {
  using directory = temporaryDirectory();
  const partials = join(directory.path, ".partial");
  let isOver = false;
  /** Of the blob that is received; whoever removes it as often as it is made wins in the end. */
  let removals = 0;
  const removing = (async () => {
    while (!isOver) {
      if (removals < 20)
        removals += await rmdir(partials).then(
          () => 1,
          () => 0,
        );
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const texts = Array.from({ length: 100 }, (_, index) => `blob ${index}`);
  try {
    for (const text of texts) {
      removals = 0;
      await receiveFile({
        blob: { digest: digestOf(text), sizeBytes: text.length, mediaType: "", urls: [], platform: undefined },
        partial: join(partials, text),
        path: join(directory.path, text),
        arrival: {
          signal: new AbortController().signal,
          onResumed: () => {},
          read: async function* () {
            yield utf8(text);
          },
        },
      });
    }
  } finally {
    isOver = true;
    await removing;
  }
  expect(texts.filter((text) => !existsSync(join(directory.path, text)))).toEqual([]);
});
