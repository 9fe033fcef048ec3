import { expect, test } from "bun:test";
import { runCli } from "../../src/cli/cli.ts";
import { blobKey, layerLink } from "../../src/registry/layout.ts";
import { openFilesystem } from "../../src/storage/filesystem.ts";
import { digestOf, named, pushImage, stockedOn, utf8 } from "../registry/stocked.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { fakeIo } from "./fake-io.ts";

const layer = digestOf("layer");

/** A directory with one image. */
async function stored() {
  const directory = temporaryDirectory();
  const { driver } = await openFilesystem({ root: directory.path, isDurable: false });
  await pushImage(stockedOn(driver), "app", { tag: "1" });
  return { data: directory.path, driver, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

async function verify(data: string, ...words: string[]) {
  const io = fakeIo();
  const code = await runCli(["verify", "--data", data, ...words], io);
  return { code, output: io.output(), errors: io.errors() };
}

test("a sound store is clean: exit code 0", async () => {
  using registry = await stored();
  expect(await verify(registry.data)).toEqual({
    code: 0,
    output: expect.stringMatching(
      /^checked {3}1 repository, 1 manifest, 3 blobs, .*\nfindings {2}0 lost, 0 repairable, 0 untidy\n$/,
    ),
    errors: "",
  });
});

test("what can be repaired is 1, and 0 when it was repaired", async () => {
  using registry = await stored();
  await registry.driver.objects.put(layerLink(named("app"), layer), utf8(""));
  const { code, output } = await verify(registry.data);
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/^repairable {2}app: .*_layers.*: its content is not its digest\n/),
  ]);
  const repaired = await verify(registry.data, "--repair");
  expect([repaired.code, repaired.output]).toEqual([
    0,
    expect.stringContaining("; 1 repaired, 0 damaged blobs moved away"),
  ]);
  expect((await verify(registry.data)).code).toBe(0);
});

test("an image that cannot be pulled whole is named, with what to do", async () => {
  using registry = await stored();
  await registry.driver.objects.put(blobKey(layer), utf8("lay"));
  const { output } = await verify(registry.data);
  expect(output).toContain("broken: app:1 (a layer is missing): push it again\n");
  await pushImage(stockedOn(registry.driver), "app", { tag: "1" });
  expect((await verify(registry.data)).output).not.toContain("broken");
});

test("how far it is has a total and the time that is left", async () => {
  using registry = await stored();
  let nowMs = 0;
  const now = () => {
    nowMs += 1000;
    return nowMs;
  };
  const io = fakeIo({ isErrorTerminal: true, now });
  await runCli(["verify", "--data", registry.data], io);
  expect(io.errors()).toMatch(/reading blobs: 1 of 3, \d+ B of \d+ B\r/);
  expect(io.errors()).toMatch(/reading blobs: 3 of 3, (\d+ B) of \1, 0s left/);
});

test("lost data is 2, and the damaged bytes are moved away by --repair", async () => {
  using registry = await stored();
  await registry.driver.objects.put(blobKey(layer), utf8("lay"));
  expect((await verify(registry.data)).code).toBe(2);
  const { code, output } = await verify(registry.data, "--repair", "--rate", "1GB/s");
  expect([code, output]).toEqual([2, expect.stringContaining(`quarantined: ${layer}`)]);
});

test("--json has one object a line, the summary at last", async () => {
  using registry = await stored();
  await registry.driver.objects.put(blobKey(layer), utf8("lay"));
  const { output } = await verify(registry.data, "--json");
  const values = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string });
  expect(values).toMatchObject([
    { kind: "finding", severity: "lost", subject: layer },
    { kind: "broken", image: "app:1", reason: "a layer is missing" },
    { kind: "summary", lost: 1, blobs: 3 },
  ]);
});

test.each([["fast"], ["0"], ["-1MB/s"]])("--rate=%s is refused", async (rate) => {
  using registry = await stored();
  expect(await verify(registry.data, `--rate=${rate}`)).toMatchObject({ code: 64 });
});
