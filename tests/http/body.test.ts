import { describe, expect, test } from "bun:test";
import { readChunks, readWhole } from "../../src/http/body.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { utf8 } from "./memory-registry.ts";

const never = new AbortController().signal;

/** A body that a test feeds. */
function openBody() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (opened) => {
      controller = opened;
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  return {
    stream,
    send: (text: string) => controller?.enqueue(utf8(text)),
    end: () => controller?.close(),
    fail: (error: unknown) => controller?.error(error),
    isCancelled: () => isCancelled,
  };
}

/** The texts of the chunks, and the code of the refusal or the error at their end. */
async function collect(chunks: AsyncIterable<Uint8Array>): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    for await (const chunk of chunks) seen.push(new TextDecoder().decode(chunk));
  } catch (error) {
    seen.push(error instanceof RegistryError ? error.code : error);
  }
  return seen;
}

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("readChunks()", () => {
  test("gives the chunks in order", async () => {
    const body = openBody();
    for (const text of ["a", "b", "c"]) body.send(text);
    body.end();
    expect(await collect(readChunks(body.stream, { stallMs: 1000, signal: never }))).toEqual(["a", "b", "c"]);
  });

  test("gives nothing for no body", async () => {
    expect(await collect(readChunks(null, { stallMs: 1000, signal: never }))).toEqual([]);
  });

  test("ends a body that stalls, after what came before", async () => {
    const body = openBody();
    body.send("a");
    expect([
      await collect(readChunks(body.stream, { stallMs: 20, signal: never })),
      body.isCancelled(),
      body.stream.locked,
    ]).toEqual([["a", "UPLOAD_STALLED"], true, false]);
  });

  test("tells the client of a stalled body to close the connection", async () => {
    const chunks = readChunks(openBody().stream, { stallMs: 20, signal: never });
    const error = await chunks.next().catch((reason: unknown) => reason);
    expect(error instanceof RegistryError ? error.refusal.headers : error).toEqual({ Connection: "close" });
  });

  test("does not take a body for stalled that comes slowly", async () => {
    const body = openBody();
    const feed = async () => {
      for (const text of ["a", "b", "c", "d"]) {
        await after(40);
        body.send(text);
      }
      body.end();
    };
    const fed = feed();
    expect(await collect(readChunks(body.stream, { stallMs: 100, signal: never }))).toEqual(["a", "b", "c", "d"]);
    await fed;
  });

  test("does not count the time that the reader takes", async () => {
    const body = openBody();
    body.send("a");
    const seen: string[] = [];
    for await (const chunk of readChunks(body.stream, { stallMs: 200, signal: never })) {
      seen.push(new TextDecoder().decode(chunk));
      if (seen.length === 2) break;
      await after(180);
      void after(60).then(() => body.send("b"));
    }
    expect(seen).toEqual(["a", "b"]);
  });

  test("ends in silence on the signal, also while it waits", async () => {
    const body = openBody();
    const controller = new AbortController();
    body.send("a");
    const collected = collect(readChunks(body.stream, { stallMs: 1000, signal: controller.signal }));
    await after(1);
    controller.abort();
    expect([await collected, body.isCancelled()]).toEqual([["a"], true]);
  });

  test("gives nothing when the signal was there before", async () => {
    const body = openBody();
    body.send("a");
    expect(await collect(readChunks(body.stream, { stallMs: 1000, signal: AbortSignal.abort() }))).toEqual([]);
  });

  test("passes a broken connection on", async () => {
    const body = openBody();
    const gone = new DOMException("The operation was aborted.", "AbortError");
    const collected = collect(readChunks(body.stream, { stallMs: 1000, signal: never }));
    body.send("a");
    await after(1);
    body.fail(gone);
    expect(await collected).toEqual(["a", gone]);
  });
});

describe("readWhole()", () => {
  const put = (body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    new Request("http://registry.test/", { method: "PUT", headers, body });
  const read = async (request: Request, maxBytes: number) => {
    try {
      return new TextDecoder().decode(await readWhole(request, { maxBytes, stallMs: 30 }));
    } catch (error) {
      return error instanceof RegistryError ? error.code : error;
    }
  };
  const streamOf = (...texts: string[]) => {
    const body = openBody();
    for (const text of texts) body.send(text);
    body.end();
    return body.stream;
  };

  test.each([
    ["of exactly the limit", () => put(streamOf("ab", "cd")), "abcd"],
    ["without content", () => new Request("http://registry.test/", { method: "PUT" }), ""],
    ["one byte longer, without a length", () => put(streamOf("ab", "cde")), "TOO_LARGE"],
    ["one byte longer, with a length", () => put(utf8("abcde"), { "Content-Length": "5" }), "TOO_LARGE"],
    ["that stalls", () => put(openBody().stream), "UPLOAD_STALLED"],
  ])("a body %s, where 4 bytes are allowed", async (_name, request, want) => {
    expect(await read(request(), 4)).toEqual(want);
  });

  test("refuses by the announced length before it reads", async () => {
    const body = openBody();
    expect(await read(put(body.stream, { "Content-Length": "5" }), 4)).toEqual("TOO_LARGE");
  });

  test("does not take what came of an aborted request for the whole", async () => {
    const body = openBody();
    const controller = new AbortController();
    const request = new Request("http://registry.test/", {
      method: "PUT",
      body: body.stream,
      signal: controller.signal,
    });
    const text = read(request, 100);
    body.send("{}");
    await after(1);
    controller.abort();
    expect(await text).toEqual("UPLOAD_STALLED");
  });
});
