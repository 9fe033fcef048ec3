// What pushes, kills, deletions and other registries leave behind, collected by the built executable beside its server.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { plainArgs } from "../crash/killed-run.ts";
import { startRegistry } from "../e2e/executable.ts";
import { openUpload, pullImage, pushImage } from "../e2e/image.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type Ended, findingsOf, runOn } from "./run-command.ts";

const hex = (digit: string) => digit.repeat(64);

/** What was taken away, or would be. */
function removalsOf({ events }: Ended): readonly string[] {
  return events.flatMap(({ kind, what, subject }) => (kind === "removal" ? [`${what} ${subject}`] : [])).toSorted();
}

test("stale entries of referrers, empty directories and what is left of repositories go, as a dry run says", async () => {
  using directory = temporaryDirectory();
  const data = directory.path;
  const repositories = join(data, "docker/registry/v2/repositories");
  await using registry = await startRegistry({ data, args: plainArgs });
  await pushImage(registry, "team/app");
  const cancelled = await openUpload(registry, "cancelled/upload");
  await registry.fetch(cancelled, { method: "DELETE" });
  const manifest = await registry.fetch("/v2/team/app/manifests/latest");
  const subject = (manifest.headers.get("docker-content-digest") ?? "").slice("sha256:".length);
  for (const place of ["empty", "a/b/c", "layers/_layers/sha256", "manifests/_manifests/tags"]) {
    mkdirSync(join(repositories, place), { recursive: true });
  }
  const stale = { "team/app": [subject, hex("1")], "only/referrers": [hex("2"), hex("3")] } as const;
  for (const [name, [about, digest]] of Object.entries(stale)) {
    const link = join(repositories, name, "_referrers/sha256", about, "sha256", digest, "link");
    mkdirSync(dirname(link), { recursive: true });
    writeFileSync(link, `sha256:${digest}`);
  }
  const found = await runOn(data, "verify");
  expect([found.code, found.summary.untidy, found.summary.lost]).toEqual([1, 2, 0]);
  const dry = await runOn(data, "gc", "--grace", "0s", "--dry-run");
  const real = await runOn(data, "gc", "--grace", "0s");
  expect(removalsOf(dry)).toEqual(removalsOf(real));
  const place = "directory docker/registry/v2/repositories";
  expect(removalsOf(real)).toEqual(
    [
      `${place}/a/b/c`,
      `${place}/empty`,
      `referrer entry sha256:${hex("1")}`,
      `referrer entry sha256:${hex("3")}`,
      "repository cancelled/upload",
      "repository layers",
      "repository manifests",
      "repository only/referrers",
    ].toSorted(),
  );
  expect([real.code, real.summary.referrers]).toEqual([0, 2]);
  expect([readdirSync(repositories), existsSync(join(repositories, "team/app/_referrers/sha256", subject))]).toEqual([
    ["team"],
    false,
  ]);
  expect(removalsOf(await runOn(data, "gc", "--grace", "0s"))).toEqual([]);
  expect(findingsOf(await runOn(data, "verify"))).toEqual([]);
  // The server remembers which directories it has made; it makes those that are gone again.
  for (const name of ["team/app", "cancelled/upload", "a/b/c"]) {
    await pushImage(registry, name);
    await pullImage(registry, name);
  }
});
