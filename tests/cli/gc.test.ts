import { describe, expect, test } from "bun:test";
import { runCli } from "../../src/cli/cli.ts";
import { layerLink, tagCurrentLink } from "../../src/registry/layout.ts";
import { digestOf, named, pushBlob, pushImage, stockedOn, tagged, utf8 } from "../registry/stocked.ts";
import { openDisk } from "../storage/test-store.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { fakeIo } from "./fake-io.ts";

/** A directory with one tagged image, one without a tag and a blob that nobody names. */
async function untidy() {
  const directory = temporaryDirectory();
  const driver = await openDisk({ root: directory.path, isDurable: false });
  const stock = stockedOn(driver);
  await pushImage(stock, "app", { tag: "1" });
  await pushImage(stock, "app", { layers: ["untagged"] });
  await pushBlob(stock, "app", "lonely");
  return { data: directory.path, stock, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

async function gc(...words: string[]) {
  const io = fakeIo();
  const code = await runCli(words, io);
  return { code, output: io.output(), errors: io.errors() };
}

test("two runs without a grace free the space, and say how much", async () => {
  using registry = await untidy();
  const first = await gc("gc", "--data", registry.data, "--grace", "0s");
  expect(first).toMatchObject({ code: 0, errors: "" });
  expect(first.output).toContain("1 blob, 6 B, is garbage; free by the next run\nfreed: 0 blobs, 0 B\n");
  expect((await gc("gc", "--data", registry.data, "--grace", "0s")).output).toContain(
    "0 blobs, 0 B, are garbage; free by the next run\nfreed: 1 blob, 6 B\n",
  );
});

test("within the grace of a day nothing goes, and what waits is told", async () => {
  using registry = await untidy();
  await registry.stock.store.objects.delete(layerLink(named("app"), digestOf("lonely")));
  const { output } = await gc("gc", "--data", registry.data, "--delete-untagged");
  expect(output).toContain("0 blobs, 0 B, are garbage; free after 24h\n");
  expect(output).toContain("waiting: 1 blob, 6 B, younger than the grace\n");
});

test("a dry run says what a run would free, and as JSON in bytes", async () => {
  using registry = await untidy();
  const words = ["gc", "--data", registry.data, "--grace", "0s"];
  expect((await gc(...words, "--dry-run")).output).toContain(
    "1 blob, 6 B, is garbage; free by the next run\nwould be freed: 0 blobs, 0 B\n",
  );
  await gc(...words);
  const { output } = await gc(...words, "--dry-run", "--json");
  expect(JSON.parse(output.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
    kind: "summary",
    purged: 1,
    freedBytes: 6,
    inTrash: 0,
    inTrashBytes: 0,
    waiting: 0,
    waitingBytes: 0,
    condemnedBytes: 0,
  });
});

describe("a dry run", () => {
  test("lists what would go, and why, and takes nothing away", async () => {
    using registry = await untidy();
    const words = ["gc", "--data", registry.data, "--grace", "0s", "--dry-run", "--delete-untagged"];
    const { output } = await gc(...words);
    expect(output).toMatch(
      /^would remove the revision sha256:[0-9a-f]{64} of app: no tag, index or subject keeps it\n/,
    );
    expect(output).toMatch(/would remove the blob sha256:[0-9a-f]{64} \(6 B\): no repository links it\n/);
    expect((await gc(...words)).output).toBe(output);
  });

  test("in distribution's spelling does the same", async () => {
    using registry = await untidy();
    const data = ["--data", registry.data, "--grace", "0s"];
    const { output } = await gc("gc", ...data, "--dry-run", "--delete-untagged");
    expect((await gc("garbage-collect", "-d", "-m", ...data)).output).toBe(output);
    expect((await gc("garbage-collect", "-dm", ...data)).output).toBe(output);
    expect((await gc("garbage-collect", "-d=true", "--delete-untagged=true", ...data)).output).toBe(output);
    expect((await gc("garbage-collect", "-dmq", ...data)).output).toBe("");
  });

  test("as JSON has one object a line, the summary at last", async () => {
    using registry = await untidy();
    const { output } = await gc("gc", "--data", registry.data, "--grace", "0s", "-d", "--json");
    const values = output
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { kind: string });
    expect(values.map(({ kind }) => kind)).toEqual(["removal", "removal", "summary"]);
    expect(values.at(-1)).toMatchObject({ isDryRun: true, condemned: 1, findings: 0 });
  });
});

test("what cannot be read is named, and the exit code is 1", async () => {
  using registry = await untidy();
  await registry.stock.store.objects.put(tagCurrentLink(named("app"), tagged("1")), utf8(""));
  const { code, errors } = await gc("gc", "--data", registry.data, "-q");
  expect([code, errors]).toEqual([
    1,
    expect.stringMatching(/^finding: .*tags\/1\/current\/link is empty or malformed\n$/),
  ]);
});

test("while another collection is in progress it says who is at it", async () => {
  using registry = await untidy();
  using _held = (await registry.stock.store.locks.hold("gc", "process 7 on elsewhere")) as Disposable;
  expect(await gc("gc", "--data", registry.data)).toEqual({
    code: 1,
    output: "",
    errors: "registry gc: another collection is in progress: process 7 on elsewhere\n",
  });
});

test.each([["soon"], ["-1h"], ["5"]])("--grace=%s is refused", async (grace) => {
  using directory = temporaryDirectory();
  expect(await gc("gc", "--data", directory.path, `--grace=${grace}`)).toMatchObject({ code: 64 });
});
