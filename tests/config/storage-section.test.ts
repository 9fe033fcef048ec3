import { describe, expect, test } from "bun:test";
import { showSettings } from "../../src/config/shown.ts";
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
  test.each(["gcs", "azure", "swift", "oss", "inmemory", "tape"])("%s is refused", async (driver) => {
    expect(await problemsOf({ text: `version: 0.1\nstorage: {filesystem: , ${driver}: }` })).toEqual([
      `config.yml:2:25: storage.${driver}: this version has no such storage driver; use filesystem or s3`,
    ]);
  });

  test.each(["s3", "s3aws"])("%s is a bucket", async (driver) => {
    const { configuration, warnings } = await load({ text: `version: 0.1\nstorage: {${driver}: {bucket: b}}` });
    expect([configuration.storage.s3.isOn, configuration.storage.s3.bucket, warnings]).toEqual([true, "b", []]);
  });

  test.each(["s3", "s3aws"])("%s by its name alone, with variables", async (driver) => {
    const prefix = `REGISTRY_STORAGE_${driver.toUpperCase()}`;
    const env = { REGISTRY_STORAGE: driver, [`${prefix}_BUCKET`]: "b", [`${prefix}_SECRETKEY`]: "*a: {" };
    const { configuration, settings } = await load({ text: "version: 0.1\nstorage: {filesystem: {}}", env });
    expect([configuration.storage.s3.isOn, configuration.storage.s3.bucket]).toEqual([true, "b"]);
    const shown = showSettings(settings).find(({ key }) => key === "storage.s3.secretkey");
    expect([configuration.storage.s3.secretkey, shown?.value]).toEqual(["*a: {", "***"]);
  });

  test("without a word about a bucket there is none", async () => {
    expect((await load({ text: "version: 0.1" })).configuration.storage.s3.isOn).toBe(false);
  });

  test("a directory and a bucket are one too many", async () => {
    const text = "version: 0.1\nstorage: {filesystem: {}, s3: {bucket: b}}";
    expect([
      await problemsOf({ text }),
      await problemsOf({ text: text.replace("filesystem: {}, ", ""), flags: { data: ["/x"] } }),
    ]).toEqual([
      ["config.yml:2:27: storage.s3: storage has two drivers, filesystem and s3; remove one of them"],
      ["--data: names a directory, but the data lies in the bucket of storage.s3; leave one of them out"],
    ]);
  });

  test("a mistyped one is refused with the right name", async () => {
    expect(await problemsOf({ text: "version: 0.1\nstorage: filesytem" })).toEqual([
      "config.yml:2:1: storage.filesytem: this version has no such storage driver; use filesystem or s3; " +
        "did you mean storage.filesystem?",
    ]);
  });
});
