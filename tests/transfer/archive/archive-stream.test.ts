import { expect, test } from "bun:test";
import { openArchiveStream } from "../../../src/transfer/archive/archive-stream.ts";

test("each piece is taken before the next one is written", async () => {
  const seen: string[] = [];
  const sink = openArchiveStream({
    write: (bytes) => seen.push(`write ${bytes.length}`),
    flush: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push("flushed");
    },
  });
  await sink.write(new Uint8Array(3));
  await sink.write(new Uint8Array(5));
  await sink.finish();
  await sink.abandon();
  expect(seen).toEqual(["write 3", "flushed", "write 5", "flushed", "flushed"]);
});
