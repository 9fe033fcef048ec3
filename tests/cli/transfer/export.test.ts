// registry export and registry import as a user types them.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../../src/cli/cli.ts";
import { must } from "../../e2e/program.ts";
import { pullImage, pushImage, pushIndex, type Stocked, stockedOn, tagged } from "../../registry/stocked.ts";
import { openDisk } from "../../storage/test-store.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { startFaultyRegistry } from "../../transfer/faulty-registry.ts";
import { fakeIo } from "../fake-io.ts";

const v1 = tagged("v1");

async function storeAt(directory: string): Promise<Stocked> {
  const driver = await openDisk({ root: directory, isDurable: false });
  return stockedOn(driver);
}

async function filled() {
  const directory = temporaryDirectory({ isInMemory: true });
  const stock = await storeAt(join(directory.path, "data"));
  const child = await pushImage(stock, "team/app", { layers: ["one", "two"] });
  const index = await pushIndex(stock, "team/app", { tag: "v1", children: [child] });
  await pushImage(stock, "team/app", { layers: ["signature"], subject: index });
  await pushImage(stock, "team/tool", { tag: "v1", layers: ["one"] });
  await storeAt(join(directory.path, "other"));
  return {
    path: directory.path,
    stock,
    child,
    at: (name: string) => join(directory.path, name),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

async function run(command: string, data: string, ...words: string[]) {
  const io = fakeIo();
  const code = await runCli([command, "--data", data, ...words], io);
  return { code, output: io.output(), errors: io.errors() };
}

describe("the air gap", () => {
  test("is crossed in one file, with referrers, under the same digests", async () => {
    using store = await filled();
    const exported = await run("export", store.at("data"), "team/**", "--referrers", "-o", store.at("all.tar"));
    expect(exported).toMatchObject({ code: 0, errors: "" });
    expect(exported.output).toContain(`${store.at("all.tar")}: 2 images, `);
    const imported = await run("import", store.at("other"), store.at("all.tar"));
    expect(imported).toMatchObject({ code: 0, errors: "" });
    const other = await storeAt(store.at("other"));
    expect([await pullImage(other, "team/app", v1), await pullImage(other, "team/tool", v1)]).toEqual([true, true]);
    expect((await run("import", store.at("other"), store.at("all.tar"))).output).toContain("took in 0 blobs, 0 B; ");
  });

  test("leads below another name, and to a registry", async () => {
    using store = await filled();
    await using registry = startFaultyRegistry();
    await run(
      "export",
      store.at("data"),
      "team/app:v1",
      `team/tool@${(await run("export", store.at("data"), "team/tool:v1", "-o", store.at("x.tar"))).output.match(/sha256:\w+/)?.[0]}`,
      "-o",
      store.at("all.tar"),
      "--quiet",
    );
    expect((await run("import", store.at("other"), store.at("all.tar"), "mirror")).code).toBe(0);
    expect(await pullImage(await storeAt(store.at("other")), "mirror/team/app", v1)).toBe(true);
    expect((await run("import", store.at("other"), store.at("all.tar"), `${registry.host}/far`)).code).toBe(0);
    expect(await pullImage(registry.stock, "far/team/app", v1)).toBe(true);
    // An image that was asked for by its digest has no tag there.
    expect(registry.asked.some((line) => line.startsWith("PUT /v2/far/team/tool/manifests/sha256:"))).toBe(true);
  });

  test("may lead through a directory, and through what only has tags", async () => {
    using store = await filled();
    await run("cp", store.at("data"), "team/app:v1", `oci:${store.at("layout")}:v1`);
    expect((await run("import", store.at("other"), store.at("layout"))).errors).toContain("says no repository for v1");
    expect((await run("import", store.at("other"), store.at("layout"), "app")).code).toBe(0);
    expect(await pullImage(await storeAt(store.at("other")), "app", v1)).toBe(true);
  });

  test("for docker takes this machine's platform", async () => {
    using store = await filled();
    expect((await run("export", store.at("data"), "team/tool:v1", "--docker", "-o", store.at("docker.tar"))).code).toBe(
      0,
    );
    const [image] = JSON.parse(await must(["tar", "-xOf", store.at("docker.tar"), "manifest.json"])) as {
      RepoTags: string[];
    }[];
    expect(image?.RepoTags).toEqual(["team/tool:v1"]);
    const outcome = await run("export", store.at("data"), "team/app:v1", "--docker", "-o", store.at("index.tar"));
    expect([outcome.code, outcome.errors]).toEqual([1, expect.stringContaining("team/app has nothing for linux/")]);
    expect(readdirSync(store.path).filter((name) => name.includes("index"))).toEqual([]);
  });

  test("replaces a file only by a whole one", async () => {
    using store = await filled();
    writeFileSync(store.at("all.tar"), "precious");
    expect((await run("export", store.at("data"), "team/none:v1", "-o", store.at("all.tar"))).code).toBe(1);
    expect((await run("export", store.at("data"), "none/*", "-o", store.at("all.tar"))).errors).toContain(
      "none/* matches no image",
    );
    expect([await Bun.file(store.at("all.tar")).text(), readdirSync(store.path).sort()]).toEqual([
      "precious",
      ["all.tar", "data", "other"],
    ]);
  });

  test("is not crossed by an archive that is cut off, or has no image", async () => {
    using store = await filled();
    await run("export", store.at("data"), "team/app:v1", "-o", store.at("all.tar"));
    truncateSync(store.at("all.tar"), 2000);
    expect((await run("import", store.at("other"), store.at("all.tar"))).errors).toContain("all.tar is cut off");
    rmSync(store.at("all.tar"));
    expect((await run("import", store.at("other"), store.at("all.tar"))).errors).toContain("there is no file");
    expect(existsSync(store.at("other/docker/registry/v2/repositories/team"))).toBe(false);
  });

  test("without a name needs one", async () => {
    using store = await filled();
    await run("cp", store.at("data"), `team/app@${store.child}`, `oci:${store.at("layout")}`);
    const nameless = await run("import", store.at("other"), store.at("layout"));
    expect([nameless.code, nameless.errors]).toEqual([1, expect.stringContaining("has no name and was left")]);
    expect((await run("import", store.at("other"), store.at("layout"), "app")).code).toBe(0);
    expect(await pullImage(await storeAt(store.at("other")), "app", store.child)).toBe(true);
  });

  test.each([
    ["export", ["team/app"], "export needs a file"],
    ["export", ["-o", "x.tar"], "export needs a reference"],
    ["export", ["TEAM", "-o", "x.tar"], "is no repository name"],
    ["import", [], "import needs a file"],
    ["import", ["x.tar", "app:v1"], "is no repository; images keep their tags"],
  ])("%s %p is wrong usage", async (command, words, message) => {
    using store = await filled();
    const { code, errors } = await run(command, store.at("data"), ...words);
    expect([code, errors]).toEqual([64, expect.stringContaining(message)]);
  });
});
