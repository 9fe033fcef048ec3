import { expect, test } from "bun:test";
import { readRunNotes, writeRunNotes } from "../../../src/storage/s3/candidates.ts";
import { bytesOf, openBucket } from "./bucket.ts";

test("what a run leaves is read by the next one", async () => {
  const { objects } = openBucket();
  const notes = {
    walkMs: 1234,
    condemned: [
      { key: "a/b c", etag: "1-2", sizeBytes: 5, condemnedMs: 1_790_000_000_000 },
      { key: "d", etag: "3", sizeBytes: 0, condemnedMs: 1 },
    ],
  };
  const before = await readRunNotes(objects, "gc/candidates");
  await writeRunNotes(objects, "gc/candidates", notes);
  expect([before, await readRunNotes(objects, "gc/candidates")]).toEqual([{ walkMs: 0, condemned: [] }, notes]);
});

test.each(["not JSON\nx", '{"walkMs":-1}\n \nno-space\netag -1 2 key\netag 1 key', "null"])(
  "what nobody can read is nothing: %j",
  async (text) => {
    const { objects } = openBucket();
    await objects.put("gc/candidates", bytesOf(text));
    expect(await readRunNotes(objects, "gc/candidates")).toEqual({ walkMs: 0, condemned: [] });
  },
);
