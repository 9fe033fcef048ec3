// An archive through a pipe, by the executable.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openFilesystem } from "../../../src/storage/filesystem.ts";
import { executable } from "../../e2e/executable.ts";
import { must, run } from "../../e2e/program.ts";
import { pushImage, stockedOn } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("an export goes into a pipe; a reader that leaves ends it", async () => {
  using directory = temporaryDirectory();
  const { driver } = await openFilesystem({ root: directory.path, isDurable: false });
  await pushImage(stockedOn(driver), "app", { tag: "v1", layers: ["0123456789".repeat(300_000)] });
  const exporting = `${executable} export --data ${directory.path} app:v1 -o -`;
  const listed = await must(["sh", "-c", `${exporting} | tar -tf -`]);
  expect(listed.trim().split("\n").slice(-2)).toEqual(["oci-layout", "index.json"]);
  const left = await run(["bash", "-c", `set -o pipefail; ${exporting} | head -c 10 >${join(directory.path, "head")}`]);
  expect([left.code, left.stderr]).toEqual([141, ""]);
});
