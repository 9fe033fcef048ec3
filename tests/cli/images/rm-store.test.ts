import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Digest } from "../../../src/oci/digest.ts";
import { pushImage } from "../../registry/stocked.ts";
import { linesOf, pushMulti, run, type StockedDirectory, stockDirectory } from "./served.ts";

/** Tags of one image and of another one, and a second repository. */
async function stockedWithTags() {
  const directory = await stockDirectory();
  const { stock } = directory;
  const same = await pushImage(stock, "team/app", { tag: "v1", layers: ["one"] });
  await pushImage(stock, "team/app", { tag: "latest", layers: ["one"] });
  const pr = await pushImage(stock, "team/app", { tag: "pr-7", layers: ["pr"] });
  await pushImage(stock, "team/app", { tag: "pr-8", layers: ["eight"] });
  await pushImage(stock, "team/web", { tag: "v1", layers: ["one"] });
  return { ...directory, same, pr, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

const rm = ({ data }: StockedDirectory, ...words: string[]) => run(["rm", "--data", data, "--yes", ...words]);
const tagsOf = async ({ data }: StockedDirectory, name: string) =>
  linesOf((await run(["ls", "-q", "--data", data, name])).output);

describe("registry rm of a store", () => {
  test("says what goes, what stays and why, and what that frees", async () => {
    await using directory = await stockedWithTags();
    const { code, output, errors } = await rm(directory, "team/app:pr-*", "team/app:v1");
    expect([code, errors]).toEqual([0, ""]);
    expect(linesOf(output)).toEqual([
      "team/app: 3 tags, 2 manifests",
      "tags: pr-7, pr-8, v1",
      `stays: ${directory.same.slice(0, 19)}, which latest leads to`,
      expect.stringMatching(/^4 blobs, \d+ B, become garbage; free after 48h, all of it after 96h$/),
      "1 blob, 6 B, stays: something else needs them",
      "deleted: 3 tags, 2 manifests",
    ]);
    expect(await tagsOf(directory, "team/app")).toEqual(["team/app:latest"]);
  });

  test("with --dry-run deletes nothing", async () => {
    await using directory = await stockedWithTags();
    const { code, output } = await rm(directory, "--dry-run", "team/**:v1");
    expect([
      code,
      linesOf(output).at(0),
      linesOf(output).some((line) => line.includes("would become garbage")),
    ]).toEqual([0, "team/app: 1 tag, 0 manifests", true]);
    expect(await tagsOf(directory, "team/web")).toEqual(["team/web:v1"]);
  });

  test("takes the children and the referrers of an index along", async () => {
    await using directory = await stockedWithTags();
    const index = await pushMulti(directory.stock, "team/app", "multi");
    await pushImage(directory.stock, "team/app", { layers: ["sig"], subject: index as Digest });
    expect(linesOf((await rm(directory, "team/app:multi")).output).slice(0, 3)).toEqual([
      "team/app: 1 tag, 4 manifests",
      "tags: multi",
      "with 2 of an index, 1 referrer",
    ]);
  });

  test("takes an image by its digest, with its tags", async () => {
    await using directory = await stockedWithTags();
    expect(linesOf((await rm(directory, `team/app@${directory.same}`)).output)[0]).toBe("team/app: 2 tags, 1 manifest");
    expect(await tagsOf(directory, "team/app")).toEqual(["team/app:pr-7", "team/app:pr-8"]);
  });

  test("takes whole repositories, with the children of indexes", async () => {
    await using directory = await stockedWithTags();
    await pushMulti(directory.stock, "team/app", "multi");
    const lines = linesOf((await rm(directory, "--repository", "team/app")).output);
    expect(lines.slice(0, 2)).toEqual(["team/app: 5 tags, 6 manifests", "tags: latest, multi, pr-7, pr-8, v1"]);
    expect((await run(["ls", "-q", "--data", directory.data])).output).toBe("team/web\n");
  });

  test.each([
    ["team/app:none", "there is no team/app:none"],
    ["team/none:v1", "there is no repository team/none"],
    ["team/x*:v1", "no repository fits team/x*:v1"],
    ["team/app:x*", "nothing fits team/app:x*"],
    [`team/app@sha256:${"0".repeat(64)}`, `there is no team/app@sha256:${"0".repeat(64)}`],
  ])("of %s deletes nothing, not even what is there", async (reference, problem) => {
    await using directory = await stockedWithTags();
    expect(await rm(directory, "team/app:v1", reference)).toEqual({
      code: 1,
      output: "",
      errors: `registry rm: nothing was deleted: ${problem}\n`,
    });
    expect(await tagsOf(directory, "team/app")).toHaveLength(4);
  });

  test("leaves immutable tags, and writes the audit log", async () => {
    await using directory = await stockedWithTags();
    const [config, audit] = [join(directory.data, "config.yml"), join(directory.data, "audit.log")];
    writeFileSync(
      config,
      `version: 0.1
storage: { filesystem: { rootdirectory: ${directory.data} } }
log: { audit: ${audit} }
access: { immutable: [{ repositories: ["**"], tags: ["v*"] }] }
`,
    );
    const { code, output } = await run(["rm", config, "team/app:*", "--yes"]);
    expect([code, linesOf(output).slice(0, 3)]).toEqual([
      0,
      ["team/app: 3 tags, 2 manifests", "tags: latest, pr-7, pr-8", "stays: v1 (immutable)"],
    ]);
    expect(await tagsOf(directory, "team/app")).toEqual(["team/app:v1"]);
    const lines = readFileSync(audit, "utf8").trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event).sort()).toEqual([
      "manifest deleted",
      "manifest deleted",
      "tag deleted",
    ]);
    expect((await run(["rm", config, "team/app:v1", "--yes"])).errors).toBe(
      "registry rm: nothing was deleted: what was named stays\n",
    );
  });

  test("tells each thing as JSON", async () => {
    await using directory = await stockedWithTags();
    const json = async (...words: string[]) =>
      (await rm(directory, "--json", ...words)).output
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object);
    const gone = [
      { kind: "tag", repository: "team/app", tag: "pr-7", digest: directory.pr },
      { kind: "manifest", repository: "team/app", digest: directory.pr },
    ];
    const summary = { kind: "summary", tags: 1, manifests: 1, kept: 0, freed: { count: 2 }, isExact: true };
    expect(await json("--dry-run", "team/app:pr-7")).toMatchObject([...gone, { ...summary, isDryRun: true }]);
    expect(await json("team/app:pr-7")).toMatchObject([...gone, { ...summary, isDryRun: false }]);
  });
});
