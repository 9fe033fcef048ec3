import { expect, test } from "bun:test";
import { uploadKeys } from "../../src/config/upload-keys.ts";
import { load } from "./written-file.ts";

const hourMs = 3_600_000;
const defaults = { isEnabled: true, ageMs: 168 * hourMs, intervalMs: 24 * hourMs, isDryRun: false };
const section = (text: string) => `version: 0.1\nstorage: {maintenance: {uploadpurging: ${text}}}`;

test.each<[string, Parameters<typeof load>[0], object]>([
  ["no file", {}, defaults],
  ["a file without a word about it", { text: "version: 0.1" }, defaults],
  [
    "all of distribution's keys",
    { text: section("{enabled: false, age: 2h, interval: 1h, dryrun: true}") },
    { isEnabled: false, ageMs: 2 * hourMs, intervalMs: hourMs, isDryRun: true },
  ],
  ["some of them, which distribution refuses", { text: section("{age: 2h}") }, { ...defaults, ageMs: 2 * hourMs }],
  [
    "a variable, which distribution refuses without a section",
    { env: { REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED: "false" } },
    { ...defaults, isEnabled: false },
  ],
])("uploads are purged as %s says", async (_what, sources, want) => {
  const { configuration, warnings } = await load(sources);
  expect([configuration.uploads, warnings]).toEqual([want, []] as never);
});

test("every key of the section begins alike", () => {
  const prefix = "storage.maintenance.uploadpurging.";
  expect(Object.values(uploadKeys).filter(({ path }) => !path.startsWith(prefix))).toEqual([]);
});
