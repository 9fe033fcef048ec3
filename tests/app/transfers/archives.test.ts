// Layouts by their references. What is in them is shown in tests/transfer/layout.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openArchiveDestination, openArchiveSource } from "../../../src/app/transfers/archives.ts";
import { pushImage, stocked } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { copied, sourceIn } from "../../transfer/copying.ts";

test.each([
  ["v1", "v1"],
  ["team/app:v1", "latest"],
])("an image is called %p as the user wrote it", async (name, given) => {
  using directory = temporaryDirectory();
  const reference = { kind: "oci", path: join(directory.path, "layout"), tag: name, digest: undefined } as const;
  const from = stocked();
  await pushImage(from, "app", { tag: given });
  const { place, tag } = await openArchiveDestination(reference);
  expect(tag as string).toBe(given);
  await copied(sourceIn(from, "app"), place, { tag: given });
  expect((await openArchiveSource(reference)).entries.map(({ names }) => names)).toEqual([[name]]);
});
