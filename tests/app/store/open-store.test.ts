import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { StartError } from "../../../src/app/start-error.ts";
import { openExistingStore, openStore } from "../../../src/app/store/open-store.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const surroundings = { env: {}, now: Date.now, warn: () => undefined };

async function configured(root: string | undefined) {
  const data = root === undefined ? undefined : [root];
  return (await loadConfiguration({ path: undefined, env: {}, flags: { data } })).configuration;
}

test("openStore() makes the directory that is configured", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "new/data");
  const { dataDirectory } = await openStore(await configured(path), surroundings);
  expect([dataDirectory, existsSync(join(path, "trash/blobs/sha256/ff"))]).toEqual([path, true]);
});

test("openStore() gives the whole path, which can be typed anywhere", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "data");
  const { dataDirectory } = await openStore(await configured(relative(process.cwd(), path)), surroundings);
  expect(dataDirectory).toBe(path);
});

test("openStore() says in one line why a directory cannot be used", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  writeFileSync(path, "");
  expect(openStore(await configured(path), surroundings)).rejects.toThrow(StartError);
});

test("openExistingStore() makes nothing where there is no store", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "registry");
  await expect(openExistingStore(await configured(path), surroundings)).rejects.toThrow(
    `there is no registry at ${path}; name its directory`,
  );
  expect(existsSync(path)).toBe(false);
});

test("openExistingStore() opens a store that is there", async () => {
  using directory = temporaryDirectory();
  const env = { XDG_DATA_HOME: directory.path };
  const configuration = await configured(undefined);
  const { dataDirectory } = await openStore(await configured(join(directory.path, "registry")), surroundings);
  const filesystem = { ...configuration.storage.filesystem, rootdirectory: dataDirectory };
  const meant = { ...configuration, storage: { ...configuration.storage, filesystem } };
  expect((await openExistingStore(meant, { ...surroundings, env })).dataDirectory).toBe(dataDirectory);
});
