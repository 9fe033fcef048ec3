import { describe, expect, test } from "bun:test";
import { load, problemsOf } from "./written-file.ts";

const hourMs = 3_600_000;
const defaults = { enabled: true, age: 168 * hourMs, interval: 24 * hourMs, dryrun: false };
const section = (text: string) => `version: 0.1\nstorage: {maintenance: {uploadpurging: ${text}}}`;

test.each<[string, Parameters<typeof load>[0], object]>([
  ["no file", {}, defaults],
  ["a file without a word about it", { text: "version: 0.1" }, defaults],
  [
    "all of distribution's keys",
    { text: section("{enabled: false, age: 2h, interval: 1h, dryrun: true}") },
    { enabled: false, age: 2 * hourMs, interval: hourMs, dryrun: true },
  ],
  ["some of them, which distribution refuses", { text: section("{age: 2h}") }, { ...defaults, age: 2 * hourMs }],
  [
    "a variable, which distribution refuses without a section",
    { env: { REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED: "false" } },
    { ...defaults, enabled: false },
  ],
])("uploads are purged as %s says", async (_what, sources, want) => {
  const { configuration, warnings } = await load(sources);
  expect([configuration.storage.maintenance.uploadpurging, warnings]).toEqual([want, []] as never);
});

describe("storage drivers", () => {
  test.each(["s3", "s3aws", "gcs", "azure", "swift", "oss", "inmemory", "tape"])("%s is refused", async (driver) => {
    expect(await problemsOf({ text: `version: 0.1\nstorage: {filesystem: , ${driver}: }` })).toEqual([
      `config.yml:2:25: storage.${driver}: this version has no such storage driver; use filesystem`,
    ]);
  });

  test("a mistyped one is refused with the right name", async () => {
    expect(await problemsOf({ text: "version: 0.1\nstorage: filesytem" })).toEqual([
      "config.yml:2:1: storage.filesytem: this version has no such storage driver; use filesystem; " +
        "did you mean storage.filesystem?",
    ]);
  });
});
