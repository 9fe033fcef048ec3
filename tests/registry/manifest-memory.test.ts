import { expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { blobKey } from "../../src/registry/layout.ts";
import { describeBytes, readBytes } from "../../src/registry/manifest-memory.ts";
import { intercept } from "../storage/intercepted.ts";
import { digestOf, type Stocked, stocked, utf8 } from "./stocked.ts";

const hash = "a".repeat(64);
const config = { mediaType: "text/config", digest: `sha256:${hash}`, size: 1 };
const subject = { mediaType: "text/subject", digest: `sha256:${hash}`, size: 1 };
const fields = { schemaVersion: 2, artifactType: "a/b", config, layers: [], subject };
const longText = JSON.stringify({ ...fields, annotations: { long: "x".repeat(100_000) } });
const shortText = JSON.stringify({ ...fields, annotations: { short: "x" } });

/** A store with a manifest, and how often its bytes were read. */
async function counted(text: string) {
  let reads = 0;
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        read: () => {
          reads += 1;
        },
      },
    }),
  );
  const digest = await put(stock, text);
  return { stock, digest, reads: () => reads };
}

async function put({ store }: Stocked, text: string, digest = digestOf(text)): Promise<Digest> {
  await store.objects.put(blobKey(digest), utf8(text));
  return digest;
}

test.each([
  ["a short one, each time", shortText, 3],
  ["a long one, once", longText, 1],
])("describeBytes() reads %s", async (_what, text, want) => {
  const { stock, digest, reads } = await counted(text);
  const described: unknown[] = [];
  for (let time = 0; time < 3; time += 1) described.push((await describeBytes(stock.store, digest))?.facts);
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const { annotations } = JSON.parse(text);
  const facts = {
    digest,
    mediaType,
    sizeBytes: text.length,
    subject: subject.digest,
    artifactType: "a/b",
    annotations,
  };
  expect([described, reads()]).toEqual([[facts, facts, facts], want]);
});

test("describeBytes() of a long one looks again when its file is another one, and after a while", async () => {
  const { stock, digest, reads } = await counted(longText);
  const seen: [boolean, number][] = [];
  const look = async () => seen.push([(await describeBytes(stock.store, digest)) !== undefined, reads()]);
  await look();
  stock.wait(1000);
  await put(stock, `${longText} `, digest);
  await look();
  stock.wait(1000);
  await put(stock, longText);
  await look();
  await look();
  stock.wait(600_001);
  await look();
  await stock.store.objects.delete(blobKey(digest));
  await look();
  expect(seen).toEqual([
    [true, 1],
    [false, 2],
    [true, 3],
    [true, 3],
    [true, 4],
    [false, 5],
  ]);
});

test.each([shortText, longText])("readBytes() gives bytes that hash to the digest, and nothing else", async (text) => {
  const { stock, digest } = await counted(text);
  expect(new TextDecoder().decode((await readBytes(stock.store, digest))?.bytes)).toBe(text);
  stock.wait(1000);
  await put(stock, text.replace("a/b", "a/c"), digest);
  expect([await readBytes(stock.store, digest), await describeBytes(stock.store, digest)]).toEqual([
    undefined,
    undefined,
  ]);
});

test("describeBytes() serves what another registry stored and we would refuse, under its type", async () => {
  const { stock, digest } = await counted(
    JSON.stringify({ ...fields, schemaVersion: 2, Layers: [], mediaType: "application/own+json" }),
  );
  expect((await describeBytes(stock.store, digest))?.facts).toMatchObject({
    mediaType: "application/own+json",
    subject: undefined,
  });
  const nothing = await put(stock, "no manifest");
  expect(await describeBytes(stock.store, nothing)).toBeUndefined();
});

test("the memory stays small: what was used longest ago is forgotten", async () => {
  const { stock, digest, reads } = await counted(longText);
  await describeBytes(stock.store, digest);
  for (let other = 0; other < 4; other += 1) {
    const annotations = { large: "y".repeat(3_000_000), other: String(other) };
    await readBytes(stock.store, await put(stock, JSON.stringify({ ...fields, annotations })));
  }
  const before = reads();
  await describeBytes(stock.store, digest);
  expect(reads() - before).toBe(1);
});
