// Memory does not grow with what is sent and fetched.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { startRegistry } from "./executable.ts";
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

function repeat(piece: Uint8Array): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull: (controller) => {
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
