// A blob that two bring at once. Interruptions are shown in destination.test.ts.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
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
