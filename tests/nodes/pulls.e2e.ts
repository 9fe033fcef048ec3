// Pulls from nodes on a bucket: streamed in bounded memory, and from copies on the node's disk.
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../crash/client.ts";
import { Expectations } from "../crash/expectations.ts";
import { makeBytes } from "../crash/made-image.ts";
import { digestOf } from "../e2e/image.ts";
import { anonymousBytes, canReadMemory } from "../e2e/process-memory.ts";
import { requireGoProgram, waitUntil } from "../e2e/program.ts";
import { startVersityGateway } from "../storage/s3/engines.ts";
import { startNode } from "./cluster.ts";
import { startFaultProxy } from "./fault-proxy.ts";

const isThere = requireGoProgram("versitygw") && canReadMemory();

describe.skipIf(!isThere)("pulls", () => {
  test("of one image a thousand times read each blob from the bucket once", async () => {
    await using engine = await startVersityGateway();
    await using proxy = startFaultProxy(engine);
    await using node = await startNode(proxy, { env: { REGISTRY_STORAGE_S3_CACHE_MAXSIZE: "1GB" } });
    const bytes = makeBytes(3_000_000);
    await new Client(node, new Expectations()).pushBlob("team/app", bytes);
    const path = `/v2/team/app/blobs/${digestOf(bytes)}`;
    const beforeBytes = proxy.sentBytes();
    for (let round = 0; round < 40; round += 1) {
      const answers = await Promise.all(Array.from({ length: 25 }, () => node.fetch(path, { redirect: "manual" })));
      for (const answer of answers)
        expect([answer.status, digestOf(await answer.bytes())]).toEqual([200, digestOf(bytes)]);
    }
    const copies = join(node.data, "scratch/cache");
    expect(readdirSync(copies).filter((name) => name.length === 2)).toEqual([digestOf(bytes).slice(7, 9)]);
    // Links and sizes are looked up for each pull; the bytes came once.
    expect(proxy.sentBytes() - beforeBytes).toBeLessThan(2 * bytes.length);
    const part = await node.fetch(path, { headers: { Range: "bytes=10-19" } });
    expect([part.status, await part.bytes()]).toEqual([206, bytes.slice(10, 20)]);
  }, 300_000);

  test("that are streamed take memory for what is on its way, however slow their readers", async () => {
    await using engine = await startVersityGateway();
    await using node = await startNode(engine, { env: { REGISTRY_STORAGE_REDIRECT_DISABLE: "true" } });
    const bytes = makeBytes(200_000_000);
    await new Client(node, new Expectations()).pushBlob("team/app", bytes, "put");
    const path = `/v2/team/app/blobs/${digestOf(bytes)}`;
    const readers = await Promise.all(
      Array.from({ length: 20 }, async () => (await node.fetch(path)).body?.getReader()),
    );
    for (const reader of readers) await reader?.read();
    await Bun.sleep(2000);
    const before = anonymousBytes(node.pid);
    for (const reader of readers) await reader?.cancel();
    const whole = await node.fetch(path);
    expect(digestOf(await whole.bytes())).toBe(digestOf(bytes));
    console.log(`20 slow readers of 200 MB: ${Math.round(before / 1e6)} MB at most`);
    expect(before).toBeLessThan(500e6);
    await waitUntil("the node answers others", async () => (await node.fetch("/v2/")).status === 200);
  }, 300_000);
});
