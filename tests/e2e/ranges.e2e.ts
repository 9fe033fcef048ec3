// Several ranges in one request, over the wire: what comes, and that nothing of it is gathered in memory.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../http/memory-registry.ts";
import { partsOf } from "../http/parts.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { startRegistry } from "./executable.ts";
import { postBlob } from "./image.ts";
import { anonymousBytes, canReadMemory } from "./process-memory.ts";
import { must } from "./program.ts";

const mebibyte = 1024 * 1024;

describe.each(["https", "http"])("over %s", (scheme) => {
  test("parts of a blob come as they were asked for, a thousand of them too", async () => {
    await using registry = await startRegistry({ args: scheme === "http" ? ["--http"] : [] });
    const blob = randomBytes(20 * mebibyte);
    const path = `/v2/a/blobs/${digestOf(blob)}`;
    expect((await postBlob(registry, "a", blob)).status).toBe(201);
    const pairs = Array.from({ length: 1024 }, (_, index) => [index * 20_000, index * 20_000 + 9] as const);
    for (const some of [pairs.slice(0, 2), pairs.slice(0, 2).toReversed(), pairs]) {
      const header = `bytes=${some.map(([first, last]) => `${first}-${last}`).join(",")}`;
      const response = await registry.fetch(path, { headers: { Range: header } });
      expect(response.status).toBe(206);
      expect(await partsOf(response)).toEqual(
        some.map(([first, last]) => [
          `bytes ${first}-${last}/${blob.length}`,
          blob.subarray(first, last + 1).toString("latin1"),
        ]),
      );
    }
  });

  test("a client that reads slowly gets the same bytes", async () => {
    await using registry = await startRegistry({ args: scheme === "http" ? ["--http"] : [] });
    using directory = temporaryDirectory();
    const blob = randomBytes(24 * mebibyte);
    expect((await postBlob(registry, "a", blob)).status).toBe(201);
    const [middle, file] = [9_999_999, join(directory.path, "parts")];
    const url = `${registry.url.replace(/\/$/, "")}/v2/a/blobs/${digestOf(blob)}`;
    const range = `bytes=0-${middle},${middle + 2}-`;
    await must([
      "curl",
      "--silent",
      "--insecure",
      "--limit-rate",
      "16M",
      "--output",
      file,
      "-H",
      `Range: ${range}`,
      url,
    ]);
    const parts = readFileSync(file);
    for (const part of [blob.subarray(0, middle + 1), blob.subarray(middle + 2)]) {
      expect(parts.includes(part)).toBe(true);
    }
  });

  test.skipIf(!canReadMemory())("parts of a gigabyte do not pass through memory at once", async () => {
    await using registry = await startRegistry({ args: scheme === "http" ? ["--http"] : [] });
    const blob = Buffer.alloc(1024 * mebibyte, 7);
    const path = `/v2/a/blobs/${digestOf(blob)}`;
    expect((await postBlob(registry, "a", blob)).status).toBe(201);
    const half = 512 * mebibyte;
    const Range = `bytes=0-${half - 1},${half + 1}-`;
    const response = await registry.fetch(path, { headers: { Range } });
    let sizeBytes = 0;
    let peakBytes = 0;
    for await (const chunk of response.body ?? []) {
      sizeBytes += chunk.length;
      peakBytes = Math.max(peakBytes, anonymousBytes(registry.pid));
    }
    console.log(`RssAnon over ${scheme} during two parts of 512 MiB: ${Math.round(peakBytes / mebibyte)} MiB`);
    expect(sizeBytes).toBeGreaterThan(blob.length - 1);
    expect(peakBytes).toBeLessThan(128 * mebibyte);
  });
});
