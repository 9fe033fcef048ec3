import { expect, test } from "bun:test";
import { pushImage } from "../../registry/stocked.ts";
import { run, stockDirectory } from "./served.ts";

test.each([
  [["rm"], "what is to be deleted? such as team/app:v1"],
  [["rm", "team/app"], `"team/app" is a whole repository: say which tags, such as 'team/app:v1*', or --repository`],
  [["rm", "--repository", "team/app:v1"], 'with --repository a reference has no tag or digest: "team/app:v1"'],
  [["rm", "oci:v1"], "rm deletes from the store and from registries; a repository is meant by /oci:v1"],
  [["rm", "nas:5000/"], '"nas:5000/" names no repository'],
  [
    ["rm", `team/*@sha256:${"0".repeat(64)}`],
    `a digest is in one repository, not in "team/*@sha256:${"0".repeat(64)}"`,
  ],
  [["rm", "app:v1", "nas:5000/app:v1"], "the references have to be in one place: one registry, or the store"],
  [["rm", "app:v1", "--json"], "--json needs --yes or --dry-run"],
  [["rm", "app:v1", "--force"], "unknown flag --force; did you mean --yes?"],
])("registry %j is wrong usage", async (words, problem) => {
  const { code, errors } = await run(words);
  expect([code, errors]).toEqual([64, `registry: ${problem} (see \`registry help rm\`)\n`]);
});

test("registry rm asks on a terminal, and deletes nothing without a yes", async () => {
  await using directory = await stockDirectory();
  await pushImage(directory.stock, "app", { tag: "v1" });
  const asked: string[] = [];
  const answer = (text: string) => async (question: string) => {
    asked.push(question);
    return text;
  };
  const words = ["rm", "--data", directory.data, "app:v1"];
  expect(await run(words)).toMatchObject({
    code: 1,
    errors: "registry rm: nothing was deleted: there is no terminal to ask on; give --yes\n",
  });
  expect(await run(words, { isTerminal: true, ask: answer("n") })).toMatchObject({
    code: 1,
    errors: "registry rm: nothing was deleted\n",
  });
  expect((await run(["ls", "-q", "--data", directory.data, "app"])).output).toBe("app:v1\n");
  expect(await run(words, { isTerminal: true, ask: answer("y") })).toMatchObject({ code: 0, errors: "" });
  expect(asked).toEqual(Array(2).fill("Delete 1 tag and 1 manifest? [y/N] "));
  expect((await run(["ls", "-q", "--data", directory.data])).errors).toBe("there are no repositories yet\n");
});
