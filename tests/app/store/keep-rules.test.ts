import { expect, test } from "bun:test";
import { keepOf } from "../../../src/app/store/keep-rules.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { named, tagged } from "../../registry/stocked.ts";

async function rulesFrom(keep: string, env: Readonly<Record<string, string>> = {}) {
  const { configuration } = await loadConfiguration({
    path: undefined,
    env: { REGISTRY_GC_KEEP: keep, ...env },
    flags: {},
  });
  return keepOf(configuration);
}

test("without rules every tag stays", async () => {
  expect(await rulesFrom("[]")).toBeUndefined();
});

test("globs and regular expressions cover whole tags, and globs repositories", async () => {
  const keep = await rulesFrom(
    "[{repositories: ['team/*', lib], tags: ['v*', '/[0-9]+[.][0-9]+/'], newest: 3, pushedwithin: 720h, pulledwithin: 1h30m}]",
  );
  const [rule] = keep?.rules ?? [];
  const covered = (tags: readonly string[]) => tags.filter((tag) => rule?.coversTag(tagged(tag)));
  const repositories = ["team/app", "lib", "team/app/x", "team", "other"];
  expect([
    repositories.filter((name) => rule?.coversRepository(named(name))),
    covered(["v1", "1.2", "x1.2", "1.2x", "12", "latest", "dev1"]),
    [rule?.newest, rule?.pushedWithinMs, rule?.pulledWithinMs],
  ]).toEqual([
    ["team/app", "lib"],
    ["v1", "1.2"],
    [3, 720 * 3_600_000, 5_400_000],
  ]);
});

test("a rule without tags covers all of them", async () => {
  const keep = await rulesFrom("[{repositories: ['**'], newest: 3}]");
  expect(keep?.rules[0]?.coversTag(tagged("anything"))).toBe(true);
});

test.each([
  ["{repositories: ['**'], newest: 0}", "must be a whole number above 0"],
  ["{tags: ['v*']}", "repositories"],
  ["{repositories: ['**'], tags: ['/(/']}", "must be a regular expression"],
  ["{repositories: ['**'], tags: ['a b']}", "or a /regular expression/"],
  ["{repositories: ['**'], pushedwithin: 30}", "must have a unit"],
])("%s is refused", async (rule, problem) => {
  await expect(rulesFrom(`[${rule}]`)).rejects.toThrow(problem);
});
