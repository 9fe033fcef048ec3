// Clients whose requests lack their last bytes: what they sent so far must not fill the memory, and others get through.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { openConnection, parseAnswer, type RawConnection } from "../http/raw-connection.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { openUpload, pushImage } from "./image.ts";
import { anonymousBytes, canReadMemory } from "./process-memory.ts";

const mebibyte = 1024 * 1024;
const manifestBytes = 4 * mebibyte;
const clients = 150;
const limitBytes = 256 * mebibyte;

/** The most that a process held, looked at twenty times a second. */
function watchMemory(pid: number): { bytes(): number } & Disposable {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, anonymousBytes(pid));
  }, 50);
  return { bytes: () => most, [Symbol.dispose]: () => clearInterval(timer) };
}

const headOf = (method: string, path: string, length: string) =>
  `${method} ${path} HTTP/1.1\r\nHost: registry.test\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n${length}\r\n\r\n`;

describe.skipIf(!canReadMemory())("bodies that lack their last byte", () => {
  let registry: StartedRegistry;
  beforeEach(async () => {
    registry = await startRegistry({ args: ["--http"] });
  });
  afterEach(async () => {
    await registry[Symbol.asyncDispose]();
  });

  const piece = new Uint8Array(manifestBytes - 1).fill(0x20);
  const small = Buffer.from("1\r\n \r\n".repeat(200_000));
  const ways: [string, (at: RawConnection, index: number) => Promise<void>][] = [
    [
      "manifests with a length",
      async (at, index) => {
        at.send(headOf("PUT", `/v2/drip/manifests/t${index}`, `Content-Length: ${manifestBytes}`));
        at.send(piece);
      },
    ],
    [
      "manifests in chunks of a byte",
      async (at, index) => {
        at.send(headOf("PUT", `/v2/drip/manifests/t${index}`, "Transfer-Encoding: chunked"));
        at.send(small);
      },
    ],
    [
      "uploads with a length",
      async (at) => {
        const location = await openUpload(registry, "drip");
        at.send(headOf("PATCH", new URL(location, registry.url).pathname, `Content-Length: ${manifestBytes}`));
        at.send(piece.subarray(0, mebibyte - 1));
      },
    ],
    [
      "uploads in chunks of a byte",
      async (at) => {
        const location = await openUpload(registry, "drip");
        at.send(headOf("PATCH", new URL(location, registry.url).pathname, "Transfer-Encoding: chunked"));
        at.send(small);
      },
    ],
    [
      "bodies that nobody asked for",
      async (at) => {
        at.send(headOf("POST", "/v2/drip/blobs/uploads/", `Content-Length: ${manifestBytes}`));
        at.send(piece);
      },
    ],
  ];

  test.each(ways)("%s, from 150 clients, do not fill the memory or stop a push", async (what, begin) => {
    using peak = watchMemory(registry.pid);
    const connections = await Promise.all(
      Array.from({ length: clients }, () => openConnection({ port: registry.port })),
    );
    await Promise.all(connections.map(begin));
    for (let count = 0; count < 20; count += 1) await pushImage(registry, `good/${count}`);
    const heldBytes = anonymousBytes(registry.pid);
    console.log(
      `RssAnon with 150 ${what}: ${Math.round(heldBytes / mebibyte)} MiB, at most ${Math.round(peak.bytes() / mebibyte)}`,
    );
    for (const connection of connections) connection[Symbol.dispose]();
    expect([peak.bytes() > 0, peak.bytes() < limitBytes]).toEqual([true, true]);
  });

  test("manifests that drip are answered and their connections closed", async () => {
    const connections = await Promise.all(Array.from({ length: 20 }, () => openConnection({ port: registry.port })));
    connections.forEach((at, index) => {
      at.send(headOf("PUT", `/v2/drip/manifests/t${index}`, `Content-Length: ${manifestBytes}`));
      at.send(piece.subarray(0, 2 * mebibyte));
    });
    const dripping = setInterval(() => {
      for (const connection of connections) connection.send(" ");
    }, 1000);
    const answers = await Promise.all(connections.map((connection) => connection.closed()));
    clearInterval(dripping);
    // Half of them found no room at once; the others came too slowly.
    const statuses = new Set(answers.map((text) => parseAnswer(text).status));
    expect(statuses).toEqual(new Set([408, 503]));
  });
});
