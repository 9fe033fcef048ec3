import { expect, test } from "bun:test";
import { contentOf, readContent } from "../../src/lib/content.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import { parseRepositoryName } from "../../src/oci/name.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { type HotContent, withHotBlobs } from "../../src/registry/hot-blobs.ts";
import { memoryRegistry, pushBlob } from "../http/memory-registry.ts";

const digestOf = (text: string) => hashBytes(new TextEncoder().encode(text), "sha256");

const name = parseRepositoryName("a");
if (name === undefined) throw new TypeError("no name");

test("blobs are read from their copies, which are told from anything else by the digest", async () => {
  const memory = memoryRegistry();
  const digest = digestOf("layer");
  await pushBlob(memory, "a", "layer");
  const asked: HotContent[] = [];
  const read = async (hot: HotContent) => {
    asked.push(hot);
    return contentOf(new Blob(["LAYER"]));
  };
  const repository = withHotBlobs(memory.registry, { read }).repository(name, anonymous());
  const found = await repository.blobs.open(digest);
  const text = "content" in found ? new TextDecoder().decode(await readContent(found.content)) : undefined;
  const verdicts = ["layer", "other"].map((bytes) => {
    const check = asked[0]?.startCheck();
    check?.update(new TextEncoder().encode(bytes));
    return check?.isRight();
  });
  expect([text, asked.map((hot) => hot.name), verdicts]).toEqual(["LAYER", [digest.slice(7)], [true, false]]);
});

test("what the repository does not have is not looked for among copies", async () => {
  const memory = memoryRegistry();
  const registry = withHotBlobs(memory.registry, {
    read: () => {
      throw new Error("asked");
    },
  });
  await expect(registry.repository(name, anonymous()).blobs.open(digestOf("no"))).rejects.toThrow("BLOB_UNKNOWN");
  expect([(await registry.list({ limit: 10, after: undefined })).items, await registry.checkReady()]).toEqual([
    [],
    undefined,
  ]);
});

test("blobs that are on their way are left alone", async () => {
  const memory = memoryRegistry();
  const digest = digestOf("x");
  const arriving = { digest, sizeBytes: 1, read: async function* () {} };
  const blobs = { ...memory.registry.repository(name, anonymous()).blobs, open: async () => arriving };
  const registry = {
    ...memory.registry,
    repository: () => ({ ...memory.registry.repository(name, anonymous()), blobs }),
  };
  const read = async (hot: HotContent) => hot.content;
  expect(await withHotBlobs(registry, { read }).repository(name, anonymous()).blobs.open(digest)).toBe(arriving);
});
