// The command as a user types it.
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../../src/cli/cli.ts";
import { pullImage, pushImage, type Stocked, stockedOn, tagged } from "../../registry/stocked.ts";
import { openDisk } from "../../storage/test-store.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { startFaultyRegistry } from "../../transfer/faulty-registry.ts";
import { fakeIo } from "../fake-io.ts";

async function filled(): Promise<{ readonly path: string; readonly stock: Stocked } & Disposable> {
  const directory = temporaryDirectory({ isInMemory: true });
  const driver = await openDisk({ root: join(directory.path, "data"), isDurable: false });
  const stock = stockedOn(driver);
  await pushImage(stock, "team/app", { tag: "v1", layers: ["one"] });
  await pushImage(stock, "team/app", { tag: "v2", layers: ["two"] });
  await pushImage(stock, "team/tool", { tag: "v1", layers: ["one"] });
  return { path: directory.path, stock, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

async function cp(data: string, ...words: string[]) {
  const io = fakeIo();
  const code = await runCli(["cp", "--data", join(data, "data"), ...words], io);
  return { code, output: io.output(), errors: io.errors() };
}

const v1 = tagged("v1");

describe("registry cp", () => {
  test("copies from the store to a registry and back, and says what it did", async () => {
    using store = await filled();
    await using registry = startFaultyRegistry();
    const there = await cp(store.path, "team/app:v1", `${registry.host}/copy`);
    expect(there).toMatchObject({ code: 0, errors: "" });
    expect(there.output).toMatch(
      /^team\/app:v1 -> 127\.0\.0\.1:\d+\/copy:v1 sha256:\w+\nsent 2 blobs, 9 B; 0 B were there\n$/,
    );
    expect(await pullImage(registry.stock, "copy", v1)).toBe(true);
    expect((await cp(store.path, `${registry.host}/copy:v1`, "back:latest", "--quiet")).output).toBe("");
    expect(await pullImage(store.stock, "back", tagged("latest"))).toBe(true);
  });

  test("copies all tags, and all repositories below a name", async () => {
    using store = await filled();
    await using registry = startFaultyRegistry();
    expect((await cp(store.path, "team/*", `${registry.host}/mirror`)).code).toBe(0);
    for (const [name, tag] of [
      ["app", "v1"],
      ["app", "v2"],
      ["tool", "v1"],
    ] as const) {
      expect(await pullImage(registry.stock, `mirror/team/${name}`, tagged(tag))).toBe(true);
    }
    expect((await cp(store.path, `${registry.host}/mirror/team/app:*`, "again")).code).toBe(0);
    expect(await pullImage(store.stock, "again", tagged("v2"))).toBe(true);
  });

  test("copies to a layout and from it", async () => {
    using store = await filled();
    const layout = `oci:${join(store.path, "layout")}`;
    expect((await cp(store.path, "team/app:*", layout)).code).toBe(0);
    expect(readdirSync(join(store.path, "layout")).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
    expect((await cp(store.path, `${layout}:v2`, "from-layout")).code).toBe(0);
    expect(await pullImage(store.stock, "from-layout", tagged("v2"))).toBe(true);
    expect((await cp(store.path, "team/tool:v1", `${layout}:team/tool:v1`)).output).toContain(
      `${layout}:team/tool:v1 sha256:`,
    );
    expect((await cp(store.path, `${layout}:team/tool:v1`, "tool")).code).toBe(0);
    expect(await pullImage(store.stock, "tool", v1)).toBe(true);
    expect((await cp(store.path, layout, "nothing")).errors).toContain("has several images; name one of");
  });

  test.each([
    [["team/app:v1"], 64, "cp needs two places"],
    [["TEAM", "x"], 64, "is no repository name"],
    [["team/*", "x:v1"], 64, "may mean several images"],
    [["team/*", "oci:layout"], 64, "say registry export 'team/*' -o FILE"],
    [["team/app:v1", "x", "--platform", "arm"], 64, "--platform is not a platform"],
    [["team/app:none", "x"], 1, "team/app has no none"],
    [["nobody/*", "x"], 1, "nobody/* matches no image"],
    [["oci:/nowhere", "x"], 1, "oci:/nowhere is no OCI layout"],
  ])("%p ends with %p: %s", async (words, code, message) => {
    using store = await filled();
    const outcome = await cp(store.path, ...words);
    expect([outcome.code, outcome.errors]).toEqual([code, expect.stringContaining(message)]);
  });
});
