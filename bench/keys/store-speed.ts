// How fast an object store lists and reads small objects.
import { forEachAtOnce } from "../../src/lib/at-once.ts";
import { blobKey, blobsPrefix } from "../../src/registry/layout.ts";
import { listObjects } from "../../src/storage/s3/listing.ts";
import { digestOf } from "../../tests/registry/stocked.ts";
import type { RealEngine } from "../../tests/storage/s3/engines.ts";

/** What a store lists and reads a second, sixteen requests at once, as a collection does. */
export async function speedOf({ client, objects }: RealEngine, count: number) {
  const digests = Array.from({ length: count }, (_, index) => digestOf(`object ${index}`));
  const bytes = new Uint8Array(1000).fill(65);
  await forEachAtOnce(digests, 16, async (digest) => void (await objects.put(blobKey(digest), bytes)));
  const stripes = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, "0"));
  const timed = async (work: () => Promise<number>) => {
    const startedMs = performance.now();
    return Math.round((1000 * (await work())) / (performance.now() - startedMs));
  };
  let listed = 0;
  const listedASecond = await timed(async () => {
    await forEachAtOnce(stripes, 16, async (stripe) => {
      const prefix = `${blobsPrefix("sha256")}/${stripe}/`;
      const { length } = await Array.fromAsync(listObjects(client, { prefix }));
      listed += length;
    });
    return listed;
  });
  const inPagesASecond = await timed(async () => {
    return (await Array.fromAsync(listObjects(client, { prefix: `${blobsPrefix("sha256")}/` }))).length;
  });
  const some = digests.slice(0, 5000);
  const readASecond = await timed(async () => {
    await forEachAtOnce(some, 16, async (digest) => void (await objects.read(blobKey(digest), 2000)));
    return some.length;
  });
  return { objects: listed, listedASecond, inPagesASecond, readASecond };
}
