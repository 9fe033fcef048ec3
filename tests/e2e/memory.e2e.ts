// Memory does not grow with what is sent and fetched.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { openUpload, withDigest } from "./image.ts";
import { anonymousBytes, canReadMemory } from "./process-memory.ts";

const pieceBytes = 1024 * 1024;
const pieces = 1024;
const limitBytes = 128 * 1024 * 1024;

describe.skipIf(!canReadMemory()).each(["https", "http"])("over %s", (scheme) => {
  test("1 GiB up and down leaves the server below 128 MiB of its own memory", async () => {
    await using registry = await startRegistry({ args: scheme === "http" ? ["--http"] : [] });
    using peak = watchMemory(registry.pid);
    const piece = randomBytes(pieceBytes);
    const hash = new Bun.CryptoHasher("sha256");
    for (let index = 0; index < pieces; index += 1) hash.update(piece);
    const digest = `sha256:${hash.digest("hex")}`;

    const location = await openUpload(registry, "large");
    const patch = await registry.fetch(location, { method: "PATCH", body: repeat(piece) });
    const uploadedBytes = peak.bytes();
    const put = await registry.fetch(withDigest(patch.headers.get("location") ?? location, digest), { method: "PUT" });
    expect([patch.status, put.status]).toEqual([202, 201]);

    const pull = await registry.fetch(`/v2/large/blobs/${digest}`);
    const pulled = new Bun.CryptoHasher("sha256");
    for await (const chunk of pull.body ?? []) pulled.update(chunk);
    expect(`sha256:${pulled.digest("hex")}`).toBe(digest);
    console.log(
      `RssAnon over ${scheme}: ${mebibytes(uploadedBytes)} after the upload, ${mebibytes(peak.bytes())} in all`,
    );
    expect(peak.bytes()).toBeGreaterThan(0);
    expect(peak.bytes()).toBeLessThan(limitBytes);
  });
});

test.skipIf(!canReadMemory())("four pushes and four pulls of 1 GiB at once stay below 128 MiB", async () => {
  await using registry = await startRegistry();
  using peak = watchMemory(registry.pid);
  const source = await pushLarge(registry, "source");
  const work = Array.from({ length: 4 }, (_, index) => [
    pushLarge(registry, `copy${index}`),
    pullLarge(registry, "source", source),
  ]);
  const pulledBytes = (await Promise.all(work.flat())).filter((result) => typeof result === "number");
  console.log(`RssAnon with four pushes and four pulls at once: ${mebibytes(peak.bytes())}`);
  expect(pulledBytes).toEqual(Array.from({ length: 4 }, () => pieces * pieceBytes));
  expect(peak.bytes()).toBeGreaterThan(0);
  expect(peak.bytes()).toBeLessThan(limitBytes);
});

/** Pushes 1 GiB that nobody pushed before; its digest, which is known only at the end. */
async function pushLarge(registry: StartedRegistry, name: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  const location = await openUpload(registry, name);
  const body = repeat(randomBytes(pieceBytes), (piece) => void hash.update(piece));
  const patch = await registry.fetch(location, { method: "PATCH", body });
  const digest = `sha256:${hash.digest("hex")}`;
  const put = await registry.fetch(withDigest(patch.headers.get("location") ?? location, digest), { method: "PUT" });
  if (put.status !== 201) throw new Error(`not stored: ${patch.status}, ${put.status} ${await put.text()}`);
  return digest;
}

/** Pulls a blob; how many bytes came. */
async function pullLarge(registry: StartedRegistry, name: string, digest: string): Promise<number> {
  const pull = await registry.fetch(`/v2/${name}/blobs/${digest}`);
  let sizeBytes = 0;
  for await (const chunk of pull.body ?? []) sizeBytes += chunk.length;
  return sizeBytes;
}

function repeat(piece: Uint8Array, note: (piece: Uint8Array) => void = () => {}): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull: (controller) => {
      note(piece);
      controller.enqueue(piece.slice());
      sent += 1;
      if (sent === pieces) controller.close();
    },
  });
}

/** The most that a process held, looked at twenty times a second. */
function watchMemory(pid: number): { bytes(): number } & Disposable {
  let most = 0;
  const look = () => {
    most = Math.max(most, anonymousBytes(pid));
  };
  const timer = setInterval(look, 50);
  return {
    bytes: () => {
      look();
      return most;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
