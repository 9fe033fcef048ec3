// How cost grows with the size of a blob.
import type { Growth } from "../results.ts";
import { dropLargeFiles } from "../stage.ts";
import { type Ground, linesOf, onStore } from "./cost.ts";

/** Small blobs are pushed many times for one number, large ones once. */
const bytesForOne = 50e6;
const mostForOne = 200;

/** One blob after the other on one connection. */
export async function growByBlobSize(ground: Ground): Promise<Growth> {
  const { bench } = ground;
  const sizes = bench.sizes.growth.blobBytes;
  const repository = "bench/sizes";
  const columns = await onStore(
    ground,
    () => {},
    async (server) => {
      const measured: Record<string, number>[] = [];
      for (const sizeBytes of sizes) {
        bench.say(`growth: blobs of ${sizeBytes} bytes`);
        const count = Math.max(1, Math.min(mostForOne, Math.floor(bytesForOne / sizeBytes)));
        const pushing = {
          kind: "pushBlobs",
          connections: 1,
          count,
          repository,
          seed: `size ${sizeBytes}`,
          sizeBytes,
        } as const;
        const targets = (await bench.load.describeBlobs(pushing)).map((digest) => `/v2/${repository}/blobs/${digest}`);
        const push = await bench.load.run(pushing, server);
        const pull = await bench.load.run({ kind: "requests", method: "GET", connections: 1, count, targets }, server);
        measured.push({ "push a blob": push.wallMs / count, "pull it": pull.wallMs / count });
        dropLargeFiles(server.directory);
      }
      return measured;
    },
  );
  const title = "Blobs of more and more bytes";
  return { id: "blob-size", title, over: "bytes in the blob", unit: "ms", sizes, lines: linesOf(columns) };
}
