import { describe, expect, test } from "bun:test";
import { WholeBodies } from "../../src/http/whole-bodies.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { utf8 } from "./memory-registry.ts";
import { openBody } from "./open-body.ts";

const kibibyte = 1024;
const put = (body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  new Request("http://registry.test/", { method: "PUT", headers, body });
const limits = { maxHeldBytes: 64 * kibibyte, bytesPerSecond: 1, windowMs: 60_000 };
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function read(request: Request, { maxBytes = 4, bodies = new WholeBodies(limits), stallMs = 60_000 } = {}) {
  try {
    using body = await bodies.read(request, { maxBytes, stallMs });
    return new TextDecoder().decode(body.bytes);
  } catch (error) {
    return error instanceof RegistryError ? error.code : error;
  }
}

function streamOf(...texts: string[]) {
  const body = openBody();
  for (const text of texts) body.send(text);
  body.end();
  return body.stream;
}

describe("a whole body", () => {
  test.each([
    ["of exactly the limit", () => put(streamOf("ab", "cd")), "abcd"],
    ["without content", () => new Request("http://registry.test/", { method: "PUT" }), ""],
    ["one byte longer, without a length", () => put(streamOf("ab", "cde")), "TOO_LARGE"],
    ["one byte longer, with a length", () => put(utf8("abcde"), { "Content-Length": "5" }), "TOO_LARGE"],
  ])("%s, where 4 bytes are allowed", async (_name, request, want) => {
    expect(await read(request())).toEqual(want);
  });

  test("is empty once its memory was given back", async () => {
    using body = await new WholeBodies(limits).read(put(streamOf("abcd")), { maxBytes: 4, stallMs: 60_000 });
    const before = body.bytes.length;
    body.drop();
    expect([before, body.bytes.length]).toEqual([4, 0]);
  });

  test("that stalls is refused", async () => {
    expect(await read(put(openBody().stream), { stallMs: 30 })).toEqual("UPLOAD_STALLED");
  });

  test("is refused by the announced length before it is read", async () => {
    expect(await read(put(openBody().stream, { "Content-Length": "5" }))).toEqual("TOO_LARGE");
  });

  test("is not what came of an aborted request", async () => {
    const body = openBody();
    const controller = new AbortController();
    const { signal } = controller;
    const text = read(new Request("http://registry.test/", { method: "PUT", body: body.stream, signal }), {
      maxBytes: 100,
      stallMs: 30,
    });
    body.send("{}");
    await after(1);
    controller.abort();
    expect(await text).toEqual("UPLOAD_STALLED");
  });

  test("of many chunks and more than one growth arrives as it was sent", async () => {
    const texts = Array.from({ length: 5000 }, (_, index) => `${index},`);
    expect(await read(put(streamOf(...texts)), { maxBytes: 64 * kibibyte })).toBe(texts.join(""));
  });

  test("that drips is ended, although it never rests for long", async () => {
    const body = openBody();
    const bodies = new WholeBodies({ maxHeldBytes: 1e6, bytesPerSecond: 1_000_000, windowMs: 40 });
    const reading = read(put(body.stream), { maxBytes: 1e6, bodies, stallMs: 60_000 });
    const dripping = setInterval(() => body.send("x"), 5);
    expect(await reading).toBe("UPLOAD_STALLED");
    clearInterval(dripping);
  });
});

describe("many bodies", () => {
  const fill = "x".repeat(16 * kibibyte);
  const begin = (bodies: WholeBodies) => {
    const body = openBody();
    body.send(fill);
    return { ...body, outcome: read(put(body.stream), { bodies, maxBytes: 64 * kibibyte, stallMs: 60_000 }) };
  };

  test("take no more than their share together: what has held most for longest gives way to what comes", async () => {
    const bodies = new WholeBodies(limits);
    const held = [];
    for (let count = 0; count < 4; count += 1) {
      held.push(begin(bodies));
      await after(2);
    }
    expect(await read(put(streamOf("small")), { bodies, maxBytes: 100 })).toBe("small");
    const [first, ...others] = held;
    expect([await first?.outcome, first?.isCancelled()]).toEqual(["UNAVAILABLE", true]);
    for (const { end } of others) end();
    expect(await Promise.all(others.map(({ outcome }) => outcome))).toEqual([fill, fill, fill]);
  });

  test("that are being worked on keep their room, and what finds none is to come again", async () => {
    const bodies = new WholeBodies(limits);
    const large = "x".repeat(64 * kibibyte);
    const request = () => put(streamOf(large));
    {
      using _worked = await bodies.read(request(), { maxBytes: 64 * kibibyte, stallMs: 30 });
      const refusal = await bodies.read(put(streamOf("small")), { maxBytes: 100, stallMs: 30 }).catch((error) => error);
      expect([refusal.code, refusal.refusal]).toEqual([
        "UNAVAILABLE",
        {
          message: "too many manifests are on their way at once; try again",
          retryAfterSeconds: 1,
          headers: { Connection: "close" },
        },
      ]);
    }
    expect(await read(request(), { bodies, maxBytes: 64 * kibibyte })).toBe(large);
  });

  test("that were refused give their room back", async () => {
    const bodies = new WholeBodies(limits);
    for (let count = 0; count < 10; count += 1) {
      expect(await read(put(streamOf(fill, fill)), { bodies, maxBytes: 20 * kibibyte })).toBe("TOO_LARGE");
    }
    const large = "x".repeat(64 * kibibyte);
    expect(await read(put(streamOf(large)), { bodies, maxBytes: 64 * kibibyte })).toBe(large);
  });
});
