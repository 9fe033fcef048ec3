// The command as a user types it.
import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../../src/cli/cli.ts";
import { pullImage, pushImage, type Stocked, stockedOn, tagged } from "../../registry/stocked.ts";
import { openDisk } from "../../storage/test-store.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeIo } from "../fake-io.ts";

async function stockAt(root: string): Promise<Stocked> {
  return stockedOn(await openDisk({ root, isDurable: false }));
}

async function filled() {
  const directory = temporaryDirectory({ isInMemory: true });
  const [from, to] = [join(directory.path, "from"), join(directory.path, "to")];
  const stock = await stockAt(from);
  await pushImage(stock, "team/app", { tag: "v1", layers: ["one"] });
  await pushImage(stock, "team/app", { tag: "v2", layers: ["two"] });
  await pushImage(stock, "team/tool", { tag: "v1", layers: ["one"] });
  return { path: directory.path, from, to, stock, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

async function migrate(words: readonly string[], env: Record<string, string> = {}) {
  const io = { ...fakeIo(), env };
  const code = await runCli(["migrate", ...words], io);
  return { code, output: io.output(), errors: io.errors() };
}

describe("registry migrate", () => {
  test("moves everything, and later only what came meanwhile", async () => {
    using stores = await filled();
    const { from, to, stock } = stores;
    expect(await migrate([from, to, "--rate", "100MB/s"])).toEqual({
      code: 0,
      errors: "",
      output:
        "team/app: 2 tags, 2 manifests\nteam/tool: 1 tag, 1 manifest\n" +
        "2 repositories are in the new place: sent 3 blobs, 12 B; 9 B were there\n",
    });
    const moved = await stockAt(to);
    const pull = (name: string, tag: string) => pullImage(moved, name, tagged(tag));
    expect([await pull("team/app", "v1"), await pull("team/app", "v2"), await pull("team/tool", "v1")]).toEqual([
      ...[true, true, true],
    ]);
    await pushImage(stock, "team/app", { tag: "v2", layers: ["three"] });
    const { output } = await migrate([from, to, "--json"]);
    const summary = JSON.parse(output.trim().split("\n").at(-1) ?? "");
    expect(summary).toMatchObject({ kind: "summary", repositories: 2, problems: 0, sentBlobs: 1, manifests: 4 });
    expect(await pull("team/app", "v2")).toBe(true);
  });

  test("warns of a store with nothing in it, which may be another one than was meant", async () => {
    using directory = temporaryDirectory({ isInMemory: true });
    const { code, errors } = await migrate([directory.path, join(directory.path, "to")]);
    expect([code, errors]).toEqual([
      0,
      `warning: there is no repository in ${directory.path}; if you expected some, check its directory, bucket and prefix\n`,
    ]);
  });

  test("takes configuration files, whatever variables there are", async () => {
    using stores = await filled();
    const file = join(stores.path, "new.yml");
    writeFileSync(file, `version: 0.1\nstorage: {filesystem: {rootdirectory: ${stores.to}}}\n`);
    const env = { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: stores.from };
    expect(await migrate([stores.from, file, "--quiet"], env)).toEqual({ code: 0, output: "", errors: "" });
    expect(await pullImage(await stockAt(stores.to), "team/tool", tagged("v1"))).toBe(true);
  });

  test("tells what cannot be moved, moves the rest, and ends with 1", async () => {
    using stores = await filled();
    const blobs = join(stores.from, "docker/registry/v2/blobs/sha256");
    const lost = new Bun.CryptoHasher("sha256").update("two").digest("hex");
    rmSync(join(blobs, lost.slice(0, 2), lost), { recursive: true });
    const { code, output } = await migrate([stores.from, stores.to]);
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^team\/app: v2: .*\n(.*\n)*.*; 2 could not be moved\n$/),
    ]);
    expect(await pullImage(await stockAt(stores.to), "team/app", tagged("v1"))).toBe(true);
  });

  test.each([
    [["/a"], "migrate needs two stores"],
    [["/a", "/b", "--rate", "fast"], "--rate is not a rate"],
    [["s3://bucket/prefix", "/b"], "s3://bucket/prefix is an address; name a bucket by the configuration file"],
  ])("%j is wrong usage", async (words, message) => {
    const { code, errors } = await migrate(words);
    expect([code, errors]).toEqual([64, expect.stringContaining(message)]);
  });

  test("refuses a store that is not there, and the same one twice", async () => {
    using stores = await filled();
    const [absent, same] = [
      await migrate([join(stores.path, "absent"), stores.to]),
      await migrate([stores.from, stores.from]),
    ];
    expect([absent.code, absent.errors, same.code, same.errors]).toEqual([
      ...[1, expect.stringContaining("there is no registry at"), 64, expect.stringContaining("are the same store")],
    ]);
  });
});
