import { describe, expect, test } from "bun:test";
import { serveContent } from "../../../src/http/handlers/content.ts";
import { codeOf } from "../../proxy/caching.ts";
import { digestOf } from "../../proxy/misbehaving-upstream.ts";
import { partsOf } from "../parts.ts";

const content = new TextEncoder().encode("0123456789");
const digest = digestOf(content);

function serve(headers: Record<string, string> = {}, changes: { sizeBytes?: number | undefined; error?: Error } = {}) {
  const state = { isLeft: false };
  const read = async function* ({ start, end } = { start: 0, end: content.length }) {
    try {
      for (const byte of content.subarray(start, end)) yield new Uint8Array([byte]);
      if (changes.error !== undefined) throw changes.error;
    } finally {
      state.isLeft = true;
    }
  };
  const response = serveContent(new Request("http://x/", { headers }), {
    digest,
    sizeBytes: "sizeBytes" in changes ? changes.sizeBytes : content.length,
    contentType: "application/octet-stream",
    source: read,
    headers: { "Accept-Ranges": "bytes" },
  });
  return { response, state };
}

describe("a blob that arrives", () => {
  test.each<[Record<string, string>, number, string, string | null]>([
    [{}, 200, "0123456789", null],
    [{ Range: "bytes=2-4" }, 206, "234", "bytes 2-4/10"],
    [{ Range: "bytes=7-" }, 206, "789", "bytes 7-9/10"],
    [{ Range: "bytes=-2" }, 206, "89", "bytes 8-9/10"],
    [{ Range: "bytes=3-4,0-1" }, 200, "0123456789", null],
    [{ Range: "bytes=2-4", "If-Range": '"other"' }, 200, "0123456789", null],
    [{ "If-None-Match": `"${digest}"` }, 304, "", null],
  ])("to a request with %p is answered with %p", async (headers, status, text, range) => {
    const { response } = serve(headers);
    expect([response.status, await response.text(), response.headers.get("content-range")]).toEqual([
      status,
      text,
      range,
    ]);
    expect(response.headers.get("docker-content-digest")).toBe(digest);
  });

  test("comes in several parts where their order is its own", async () => {
    const { response, state } = serve({ Range: "bytes=0-1,3-4,7-" });
    expect([response.status, await partsOf(response), state.isLeft]).toEqual([
      206,
      [
        ["bytes 0-1/10", "01"],
        ["bytes 3-4/10", "34"],
        ["bytes 7-9/10", "789"],
      ],
      true,
    ]);
  });

  test("without a known size comes whole", async () => {
    const { response } = serve({ Range: "bytes=2-4" }, { sizeBytes: undefined });
    expect([response.status, await response.text()]).toEqual([200, "0123456789"]);
  });

  test("has no range behind its end", () => {
    let code = "";
    try {
      serve({ Range: "bytes=10-" });
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe("RANGE_NOT_SATISFIABLE");
  });

  test("that turns out to be wrong breaks off", async () => {
    const { response } = serve({}, { error: new Error("wrong") });
    expect(await response.text().catch((error: Error) => error.message)).toBe("wrong");
  });

  test("is left when the client leaves", async () => {
    const { response, state } = serve();
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(state.isLeft).toBe(true);
  });
});
