import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "../../../src/app/start-error.ts";
import { openHotBlobs } from "../../../src/app/store/open-hot-blobs.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { load } from "../../config/written-file.ts";
import { memoryRegistry } from "../../http/memory-registry.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const { registry } = memoryRegistry();

async function open(storage: string, dataDirectory: string) {
  const { configuration } = await load({ text: `version: 0.1\nstorage: ${storage}` });
  const logger = createLogger({ level: "info", format: "text", write: () => undefined, now: Date.now });
  return openHotBlobs(configuration, registry, { dataDirectory, logger, now: Date.now });
}

test.each(["filesystem", "{s3: {bucket: b}}", "{s3: {bucket: b, cache: {directory: /x}}}"])(
  "with %p nothing is copied",
  async (storage) => {
    expect(await open(storage, "/nowhere")).toBe(registry);
  },
);

test("copies lie below the node's directory, or where they are configured to", async () => {
  using directory = temporaryDirectory();
  await open("{s3: {bucket: b, cache: {maxsize: 1GB}}}", directory.path);
  await open(`{s3: {bucket: b, cache: {maxsize: 1GB, directory: ${directory.path}/elsewhere}}}`, "/nowhere");
  expect(["cache", "elsewhere"].map((name) => existsSync(join(directory.path, name)))).toEqual([true, true]);
});

test("a directory that cannot be used is said at the start", async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "cache"), "");
  await expect(open("{s3: {bucket: b, cache: {maxsize: 1GB}}}", directory.path)).rejects.toThrow(StartError);
});
