import { expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "../../../src/app/start-error.ts";
import { openHotBlobs } from "../../../src/app/store/open-hot-blobs.ts";
import { readContent } from "../../../src/lib/content.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { parseDigest } from "../../../src/oci/digest.ts";
import { parseRepositoryName } from "../../../src/oci/name.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { load } from "../../config/written-file.ts";
import { digestOf, memoryRegistry, pushBlob } from "../../http/memory-registry.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const { registry } = memoryRegistry();

const lines: string[] = [];

async function open(storage: string, dataDirectory: string) {
  const { configuration } = await load({ text: `version: 0.1\nstorage: ${storage}` });
  const logger = createLogger({ level: "info", format: "text", write: (line) => void lines.push(line), now: Date.now });
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

test("what cannot be kept is said, and read all the same", async () => {
  using directory = temporaryDirectory();
  const memory = memoryRegistry();
  await pushBlob(memory, "a", "layer");
  const { configuration } = await load({ text: "version: 0.1\nstorage: {s3: {bucket: b, cache: {maxsize: 1GB}}}" });
  const logger = createLogger({ level: "info", format: "text", write: (line) => void lines.push(line), now: Date.now });
  const hot = openHotBlobs(configuration, memory.registry, { dataDirectory: directory.path, logger, now: Date.now });
  rmSync(join(directory.path, "cache/new"), { recursive: true });
  const name = parseRepositoryName("a");
  const digest = parseDigest(digestOf("layer"));
  if (name === undefined || digest === undefined) throw new TypeError("no name, or no digest");
  const found = await hot.repository(name, anonymous()).blobs.open(digest);
  expect("content" in found && new TextDecoder().decode(await readContent(found.content))).toBe("layer");
  expect(lines.at(-1)).toContain("the cache of blobs on this node's disk");
});
