import { expect, test } from "bun:test";
import { storeSource } from "../../src/transfer/store-source.ts";
import { digestOf, named, pushImage, stocked } from "../registry/stocked.ts";
import { sourceIn } from "./copying.ts";

const reading = { offset: 2, signal: new AbortController().signal };
const blob = { digest: digestOf("layer"), sizeBytes: 5, mediaType: "", urls: [], platform: undefined };

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(chunks)).toString();
}

test("a repository of the store gives blobs from an offset on", async () => {
  const stock = stocked();
  await pushImage(stock, "app");
  expect(await textOf(sourceIn(stock, "app").readBlob(blob, reading))).toBe("yer");
  expect(await sourceIn(stock, "app").manifest({ kind: "digest", digest: digestOf("none") })).toBeUndefined();
});

test("a blob that still arrives from elsewhere is read as it comes", async () => {
  const repository = stocked().registry.repository(named("app"), { name: "x", requestId: undefined });
  const read = async function* () {
    yield new TextEncoder().encode("yer");
  };
  const arriving = { ...repository, blobs: { ...repository.blobs, open: async () => ({ ...blob, read }) } };
  const source = storeSource(arriving, { registry: "", name: named("app") });
  expect(await textOf(source.readBlob(blob, reading))).toBe("yer");
});
