import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, loadConfiguration } from "../../src/config/load.ts";
import { parseVersionRange } from "../../src/config/sync-section.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

async function load(sync: unknown) {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  writeFileSync(
    file,
    JSON.stringify({ version: 0.1, storage: { filesystem: { rootdirectory: directory.path } }, sync }),
  );
  return (await loadConfiguration({ path: file, env: {}, flags: {} })).configuration.sync;
}

test("a mirror has what is written, and defaults", async () => {
  expect(await load([{ from: "docker.io/library/alpine", tags: ["3.*"], newest: 3 }])).toEqual([
    {
      from: "docker.io/library/alpine",
      tags: ["3.*"],
      newest: 3,
      referrers: false,
      interval: 86_400_000,
      delete: false,
    },
  ]);
});

describe("a mirror is refused", () => {
  test.each([
    [{ from: "alpine" }, "from"],
    [{ from: "library/alpine" }, "from"],
    [{ from: "docker.io/Library" }, "from"],
    [{ from: "docker.io/a", to: "docker.io:5000/b" }, "to"],
    [{ from: "docker.io/a", semver: "nonsense" }, "semver"],
    [{ from: "docker.io/a", newest: 0 }, "newest"],
    [{ from: "docker.io/a", username: "me" }, "only one of username and password"],
    [{ from: "docker.io/a", mirror: true }, "mirror"],
    [{}, "from"],
  ])("%j", async (entry, message) => {
    const problems = await load([entry]).then(
      () => [],
      (error) => (error instanceof ConfigurationError ? error.problems : [String(error)]),
    );
    expect(problems.join("\n")).toContain(message);
  });
});

describe("two mirrors into one repository", () => {
  const [a, b] = ["docker.io/library/app", "ghcr.io/acme/app"];
  test.each([
    [{ from: a, to: "app", delete: true }, { from: b, to: "app" }, true],
    [{ from: a, to: "app" }, { from: b, to: "app", tags: ["v*"], delete: true }, true],
    [{ from: a, to: "app", tags: ["v1*"], delete: true }, { from: b, to: "app", tags: ["v*", "v1*"] }, true],
    [{ from: "docker.io/acme/app", delete: true }, { from: b }, true],
    [{ from: "docker.io/acme/*", to: "m", delete: true }, { from: "ghcr.io/acme/*", to: "m" }, true],
    [{ from: "docker.io/library/*", to: "m", delete: true }, { from: "ghcr.io/acme/*", to: "m" }, false],
    [{ from: a, to: "app", tags: ["v1*"], delete: true }, { from: b, to: "app", tags: ["v2*"], delete: true }, false],
    [{ from: a, to: "app" }, { from: b, to: "app" }, false],
    [{ from: a, to: "app", delete: true }, { from: a, to: "app", semver: "^1" }, false],
    [{ from: a, to: "app", delete: true }, { from: b, to: "other" }, false],
  ])("%j and %j are refused: %p", async (first, second, isRefused) => {
    const problem = await load([first, second]).then(
      () => "",
      (error) => String(error),
    );
    expect(problem.includes("fill the same repository")).toBe(isRefused);
  });
});

test.each(["nas:5000/team/**", "localhost:5000/a", "ghcr.io/acme/*", "registry.example.com/app"])(
  "%p is a source",
  async (from) => {
    expect((await load([{ from }]))[0]?.from).toBe(from);
  },
);

test.each([
  [">=3.18 <4", true],
  ["^1.2 || ~2.0.1", true],
  ["3.x", true],
  ["", false],
  ["latest", false],
])("parseVersionRange(%p)", (written, isRange) => {
  expect(parseVersionRange(written) !== undefined).toBe(isRange);
});
