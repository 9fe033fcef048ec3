// What images are called in an archive. The command is shown in tests/cli/transfer/export.test.ts.
import { expect, test } from "bun:test";
import { exportImages } from "../../../src/app/transfers/export-images.ts";
import { ArchiveWriter } from "../../../src/transfer/archive/archive-destination.ts";
import { startCopyRun } from "../../../src/transfer/copy.ts";
import { parseCopyOrigin } from "../../../src/transfer/operands.ts";
import { pushImage, stocked } from "../../registry/stocked.ts";
import { startFaultyRegistry } from "../../transfer/faulty-registry.ts";
import { placesOf } from "./copying-places.ts";

test("images are called by their whole references", async () => {
  await using registry = startFaultyRegistry();
  const stock = stocked();
  const digest = await pushImage(stock, "team/app", { tag: "v1" });
  await pushImage(registry.stock, "far", { tag: "v2" });
  const sink = { write: async () => {}, finish: async () => {}, abandon: async () => {} };
  const writer = new ArchiveWriter(sink, { label: "it", isForDocker: false });
  const names: string[] = [];
  const from = ["team/*", `team/app@${digest}`, `${registry.host}/far:v2`].map((text) => {
    const parsed = parseCopyOrigin(text);
    if ("problem" in parsed) throw new Error(parsed.problem);
    return parsed.value;
  });
  const run = startCopyRun(() => {}, new AbortController().signal);
  const onExported = ({ name }: { readonly name: string }) => void names.push(name);
  const request = { from, writer, run, platform: undefined, withReferrers: false, onExported };
  expect(await exportImages(request, placesOf(stock))).toBe(3);
  expect(names).toEqual(["team/app:v1", `team/app@${digest}`, `${registry.host}/far:v2`]);
});
