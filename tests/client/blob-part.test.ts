import { expect, test } from "bun:test";
import { openBlobPart } from "../../src/client/blob-part.ts";
import { codeOf } from "../registry/refused.ts";
import { digestOf, named, pushBlob } from "../registry/stocked.ts";
import { startFaultyRegistry } from "../transfer/faulty-registry.ts";

const request = { name: named("app"), offset: 7, signal: new AbortController().signal, stallMs: 1000 };

test("a blob is opened from an offset on; another range than that is refused", async () => {
  await using registry = startFaultyRegistry();
  const digest = await pushBlob(registry.stock, "app", "0123456789");
  const { client } = registry.repository("app").api;
  const part = await openBlobPart(client, { ...request, digest });
  const text = Buffer.concat(await Array.fromAsync(part?.chunks ?? [])).toString();
  expect([part?.startBytes, part?.totalBytes, text]).toEqual([7, 10, "789"]);
  expect(await openBlobPart(client, { ...request, digest: digestOf("none") })).toBeUndefined();
  registry.fail(() => new Response("", { status: 206, headers: { "Content-Range": "bytes 0-9/10" } }));
  expect(await codeOf(openBlobPart(client, { ...request, digest }))).toBe("UPSTREAM_INVALID");
});
