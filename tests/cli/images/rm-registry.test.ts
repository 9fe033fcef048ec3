import { describe, expect, test } from "bun:test";
import { pushImage, pushIndex } from "../../registry/stocked.ts";
import { linesOf, pushMulti, run, stockDirectory } from "./served.ts";

/** A registry with tags of one image and of another one, and what stands in front of it. */
async function servedWithTags(refuse: (tagOrDigest: string) => number | undefined = () => undefined) {
  const directory = await stockDirectory();
  await pushImage(directory.stock, "app", { tag: "v1", layers: ["one"] });
  await pushImage(directory.stock, "app", { tag: "latest", layers: ["one"] });
  const second = await pushImage(directory.stock, "app", { tag: "v2", layers: ["two"] });
  const home = await directory.serve();
  const front = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async ({ method, url }) => {
      const { pathname, search } = new URL(url);
      const status = method === "DELETE" ? refuse(pathname.split("/").at(-1) ?? "") : undefined;
      if (status !== undefined) return new Response("", { status });
      const answer = await fetch(`http://${home}${pathname}${search}`, { method, headers: { Accept: "*/*" } });
      return new Response(answer.body, answer);
    },
  });
  const dispose = async () => {
    await front.stop(true);
    await directory[Symbol.asyncDispose]();
  };
  return { host: `127.0.0.1:${front.port}`, stock: directory.stock, second, [Symbol.asyncDispose]: dispose };
}

const rm = async (...words: string[]) => {
  const { code, output, errors } = await run(["rm", "--yes", ...words]);
  return { code, lines: linesOf(output), errors };
};
const tagsOf = async (host: string) =>
  linesOf((await run(["ls", "-q", `${host}/app`])).output).map((line) => line.split(":").at(-1));
const isDigest = (text: string) => text.startsWith("sha256:");

describe("registry rm of a registry", () => {
  test("deletes tags alone", async () => {
    await using served = await servedWithTags();
    expect(await rm(`${served.host}/app:v*`)).toEqual({
      code: 0,
      errors: "",
      lines: [
        `${served.host}/app: 2 tags of 2 manifests`,
        "tags: v1, v2",
        `what that frees, and when, is up to ${served.host}`,
        "deleted: 2 tags, 0 manifests",
      ],
    });
    expect(await tagsOf(served.host)).toEqual(["latest"]);
  });

  test("deletes an image with its tags, and with --dry-run nothing", async () => {
    await using served = await servedWithTags();
    const reference = `${served.host}/app@${served.second}`;
    expect((await rm("--dry-run", reference)).lines.slice(0, 2)).toEqual([
      `${served.host}/app: 1 manifest with 1 tag`,
      "with the tags: v2",
    ]);
    expect(await tagsOf(served.host)).toEqual(["latest", "v1", "v2"]);
    expect((await rm(reference)).lines.at(-1)).toBe("deleted: 1 tag, 1 manifest");
    expect(await tagsOf(served.host)).toEqual(["latest", "v1"]);
  });

  test("deletes a whole repository, with the children of indexes and what refers to images", async () => {
    await using served = await servedWithTags();
    await pushMulti(served.stock, "app", "multi");
    await pushImage(served.stock, "app", { layers: ["sig"], subject: served.second });
    const { code, lines } = await rm("--repository", `${served.host}/app`);
    expect([code, lines[0], lines.at(-1)]).toEqual([
      0,
      `${served.host}/app: 6 manifests with 4 tags`,
      "deleted: 4 tags, 6 manifests",
    ]);
    expect((await run(["ls", served.host])).errors).toBe("there are no repositories yet\n");
  });

  test.each([405, 404])(
    "that answers %p to the deletion of a tag deletes images only with what else leads to them",
    async (status) => {
      await using served = await servedWithTags((reference) => (isDigest(reference) ? undefined : status));
      expect(await rm(`${served.host}/app:v2`, `${served.host}/app:v1`)).toMatchObject({
        code: 1,
        errors: `${served.host}/app:v1 stays: the registry cannot delete a tag alone, and latest would go with it (--all-tags lets them)\n`,
      });
      expect(await tagsOf(served.host)).toEqual(["latest", "v1"]);
      expect((await rm("--all-tags", `${served.host}/app:v1`)).lines.at(-1)).toBe("deleted: 2 tags, 1 manifest");
      expect((await run(["ls", served.host])).errors).toBe("there are no repositories yet\n");
    },
  );

  test("asks a second time on a terminal for tags that would go along", async () => {
    await using served = await servedWithTags((reference) => (isDigest(reference) ? undefined : 405));
    const asked: string[] = [];
    const answers = ["y", "n", "y", "y"];
    const ask = async (question: string) => {
      asked.push(question);
      return answers.shift() ?? "";
    };
    const words = ["rm", `${served.host}/app:v1`];
    expect((await run(words, { isTerminal: true, ask })).code).toBe(1);
    expect((await run(words, { isTerminal: true, ask })).code).toBe(0);
    const along = `${served.host} cannot delete a tag alone. Delete the images, and with them latest? [y/N] `;
    expect(asked).toEqual(["Delete 1 tag? [y/N] ", along, "Delete 1 tag? [y/N] ", along]);
    expect(await tagsOf(served.host)).toEqual(["v2"]);
  });

  test.each([undefined, 405])(
    "(%p to the deletion of a tag) leaves a tag that was moved while the question stood",
    async (status) => {
      await using served = await servedWithTags((reference) => (isDigest(reference) ? undefined : status));
      const ask = async () => {
        await pushImage(served.stock, "app", { tag: "v2", layers: ["newer"] });
        return "y";
      };
      expect(await run(["rm", `${served.host}/app:v2`], { isTerminal: true, ask })).toMatchObject({
        code: 1,
        errors: `${served.host}/app:v2 stays: it leads to another image now\n`,
      });
      expect(await tagsOf(served.host)).toEqual(["latest", "v1", "v2"]);
    },
  );

  test("leaves an image that got another tag while the question stood", async () => {
    await using served = await servedWithTags();
    const ask = async () => {
      await pushImage(served.stock, "app", { tag: "prod", layers: ["two"] });
      return "y";
    };
    const reference = `${served.host}/app@${served.second}`;
    expect(await run(["rm", reference], { isTerminal: true, ask })).toMatchObject({
      code: 1,
      errors: `${reference} stays: prod leads to it now\n`,
    });
    expect(await tagsOf(served.host)).toEqual(["latest", "prod", "v1", "v2"]);
  });

  test("that cannot delete a tag alone keeps the images that an index of another tag names", async () => {
    await using served = await servedWithTags((reference) => (isDigest(reference) ? undefined : 405));
    const child = await pushImage(served.stock, "app", { tag: "multi-amd64", layers: ["amd64"] });
    await pushIndex(served.stock, "app", { tag: "multi", children: [child] });
    const children = `${served.host}/app:multi-*`;
    for (const words of [[children], ["--all-tags", children]]) {
      expect(await rm(...words)).toMatchObject({
        code: 1,
        errors: `${served.host}/app:multi-amd64 stays: the registry cannot delete a tag alone, and multi would lose this image of its index\n`,
      });
    }
    // With the index it goes.
    expect((await rm(children, `${served.host}/app:multi`)).lines.at(-1)).toBe("deleted: 2 tags, 2 manifests");
    expect(await tagsOf(served.host)).toEqual(["latest", "v1", "v2"]);
  });

  test("that deletes nothing says how it could", async () => {
    await using served = await servedWithTags(() => 405);
    expect(await rm(`${served.host}/app:v2`)).toMatchObject({
      code: 1,
      errors: `registry rm: ${served.host} does not delete (registry:2 and registry:3 do with REGISTRY_STORAGE_DELETE_ENABLED=true); nothing was deleted\n`,
    });
  });

  test.each([
    ["app:none", "there is no"],
    ["app:x*", "nothing fits"],
    ["none:v1", "there is no"],
    ["x*:v1", "nothing fits"],
  ])("of %s deletes nothing", async (reference, problem) => {
    await using served = await servedWithTags();
    expect(await rm(`${served.host}/app:v1`, `${served.host}/${reference}`)).toEqual({
      code: 1,
      lines: [],
      errors: `registry rm: nothing was deleted: ${problem} ${served.host}/${reference}\n`,
    });
    expect(await tagsOf(served.host)).toHaveLength(3);
  });

  test("tells each thing as JSON", async () => {
    await using served = await servedWithTags();
    const { lines } = await rm("--json", `${served.host}/app:v2`);
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      { kind: "tag", registry: served.host, repository: "app", tag: "v2", digest: served.second },
      { kind: "summary", isDryRun: false, tags: 1, manifests: 0, kept: 0 },
    ]);
  });
});
