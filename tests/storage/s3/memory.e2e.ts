// What a node holds in memory while it takes uploads: so much, however many there are.
import { expect, test } from "bun:test";
import { listObjects } from "../../../src/storage/s3/listing.ts";
import { canReadMemory } from "../../e2e/process-memory.ts";
import { must, requireGoProgram } from "../../e2e/program.ts";
import { startVersityGateway } from "./engines.ts";

const mebibyte = 1024 ** 2;
const limitMebibytes = 128;
/** UPLOAD_MEBIBYTES=200 takes ten gigabytes of disk. */
const sizeMebibytes = Number(process.env.UPLOAD_MEBIBYTES ?? 24);

test.skipIf(!requireGoProgram("versitygw") || !canReadMemory())(
  "fifty uploads at once take as much memory as the node has for parts, and little more",
  async () => {
    await using store = await startVersityGateway();
    const command = [
      "bun",
      `${import.meta.dir}/upload-node.ts`,
      store.endpoint.href,
      "50",
      String(sizeMebibytes),
      String(limitMebibytes),
    ];
    const { idleBytes, mostBytes, seconds } = JSON.parse(await must(command, { timeoutMs: 1_800_000 }));
    const sizes = (await Array.fromAsync(listObjects(store.client, { prefix: "blobs/" }))).map(
      ({ stat }) => stat.sizeBytes,
    );
    const grownMebibytes = Math.round((mostBytes - idleBytes) / mebibyte);
    console.log(`50 uploads of ${sizeMebibytes} MiB: ${grownMebibytes} MiB more than before, ${seconds.toFixed(1)} s`);
    expect([sizes.length, new Set(sizes), grownMebibytes < 3 * limitMebibytes]).toEqual([
      50,
      new Set([sizeMebibytes * mebibyte]),
      true,
    ]);
  },
  1_800_000,
);
