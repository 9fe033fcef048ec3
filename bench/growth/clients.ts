// How cost grows with connections, and with the size of a blob.
import type { Growth } from "../results.ts";
import { dropLargeFiles } from "../stage.ts";
import { stored, tagOf } from "../work/small.ts";
import { asking, type Ground, linesOf, onStore } from "./cost.ts";

const nothing = () => {};

/** A manifest by tag: what a request costs the server's time, and how long the slowest of a hundred takes. */
export async function growByConnections(ground: Ground): Promise<Growth> {
  const { bench } = ground;
  const sizes = bench.sizes.growth.connections;
  const columns = await onStore(ground, nothing, async (server) => {
    await bench.load.run(stored, server);
    const targets = (await bench.load.describeImages(stored)).map(tagOf);
    const measured: Record<string, number>[] = [];
    for (const connections of sizes) {
      bench.say(`growth: ${connections} connections`);
      const { wallMs, units, p50Ms, p99Ms } = await bench.load.run(asking(bench, targets, connections), server);
      measured.push({ "time for each request": wallMs / units, "p50 of a request": p50Ms, "p99 of a request": p99Ms });
    }
    return measured;
  });
  const title = "GET a manifest by tag over more and more connections";
  return { id: "connections", title, over: "connections", unit: "ms", sizes, lines: linesOf(columns) };
}

/** Small blobs are pushed many times for one number, large ones once. */
const bytesForOne = 50e6;
const mostForOne = 200;

/** One blob after the other on one connection. */
export async function growByBlobSize(ground: Ground): Promise<Growth> {
  const { bench } = ground;
  const sizes = bench.sizes.growth.blobBytes;
  const repository = "bench/sizes";
  const columns = await onStore(ground, nothing, async (server) => {
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
  });
  const title = "Blobs of more and more bytes";
  return { id: "blob-size", title, over: "bytes in the blob", unit: "ms", sizes, lines: linesOf(columns) };
}
