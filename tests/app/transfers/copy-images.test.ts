// Which place each image of a selection goes to. The command itself is shown in tests/cli/transfer/cp.test.ts.
import { expect, test } from "bun:test";
import { copyImages } from "../../../src/app/transfers/copy-images.ts";
import { startCopyRun } from "../../../src/transfer/copy.ts";
import { parseCopyOrigin, parseCopyTarget } from "../../../src/transfer/operands.ts";
import { codeOf } from "../../registry/refused.ts";
import { pushImage, stocked } from "../../registry/stocked.ts";
import { placesOf } from "./copying-places.ts";

async function copy(from: string, to: string): Promise<readonly string[]> {
  const stock = stocked();
  for (const name of ["team/app", "team/tool"]) await pushImage(stock, name, { tag: "v1" });
  const [origin, target] = [parseCopyOrigin(from), parseCopyTarget(to)];
  if ("problem" in origin || "problem" in target) throw new Error("no operands");
  const copied: string[] = [];
  const run = startCopyRun(() => {}, new AbortController().signal);
  const onCopied = (image: { readonly from: string; readonly to: string }) =>
    void copied.push(`${image.from} ${image.to}`);
  const request = { from: origin.value, to: target.value, platform: undefined, withReferrers: false, run, onCopied };
  const count = await copyImages(request, placesOf(stock));
  expect(count).toBe(copied.length);
  return copied;
}

test.each([
  ["team/app:v1", "copy", ["team/app:v1 copy:v1"]],
  ["team/app:v1", "copy:latest", ["team/app:v1 copy:latest"]],
  ["team/*:*", "mirror", ["team/app:v1 mirror/team/app:v1", "team/tool:v1 mirror/team/tool:v1"]],
])("%p to %p", async (from, to, want) => {
  expect(await copy(from, to)).toEqual(want);
});

test("a name that would become too long is refused", async () => {
  expect(await codeOf(copy("team/*:*", "a/".repeat(125).slice(0, -1)))).toBe("NAME_INVALID");
});
