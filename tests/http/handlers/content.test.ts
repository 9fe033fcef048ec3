import { describe, expect, test } from "bun:test";
import { serveContent } from "../../../src/http/handlers/content.ts";
import { contentOf } from "../../../src/lib/content.ts";
import { type Digest, parseDigest } from "../../../src/oci/digest.ts";
import { RegistryError } from "../../../src/oci/errors.ts";
import { digestOf, utf8 } from "../memory-registry.ts";
import { partsOf } from "../parts.ts";

const text = "0123456789";
const digest = parseDigest(digestOf(text)) as Digest;
const entityTag = `"${digest}"`;
const acceptRanges = { "Accept-Ranges": "bytes" };

/** Status, Content-Length, Content-Range and body, or code and Content-Range of the refusal. */
async function answer(
  headers: Record<string, string>,
  options: { readonly isHead?: boolean; readonly own?: Record<string, string>; readonly content?: string } = {},
): Promise<unknown[]> {
  const { isHead = false, own = acceptRanges, content = text } = options;
  const request = new Request("http://registry.test/", { method: isHead ? "HEAD" : "GET", headers });
  try {
    const response = serveContent(request, {
      digest,
      sizeBytes: content.length,
      contentType: "text/x",
      source: isHead ? undefined : contentOf(new Blob([utf8(`${content}more`)])),
      headers: own,
    });
    const header = (name: string) => response.headers.get(name);
    return [response.status, header("content-length"), header("content-range"), await response.text()];
  } catch (error) {
    return error instanceof RegistryError ? [error.code, error.refusal.headers] : [error];
  }
}

const whole = [200, "10", null, text];
const outside = ["RANGE_NOT_SATISFIABLE", { "Content-Range": "bytes */10" }];
const notModified = [304, null, null, ""];

describe("serveContent()", () => {
  test.each([
    [{}, whole],
    [{ Range: "bytes=2-4" }, [206, "3", "bytes 2-4/10", "234"]],
    [{ Range: "bytes=7-" }, [206, "3", "bytes 7-9/10", "789"]],
    [{ Range: "bytes=-2" }, [206, "2", "bytes 8-9/10", "89"]],
    [{ Range: "bytes=0-9" }, [206, "10", "bytes 0-9/10", text]],
    [{ Range: "bytes=0-99" }, [206, "10", "bytes 0-9/10", text]],
    [{ Range: "bytes=10-" }, outside],
    [{ Range: "bytes=4-2" }, outside],
    [{ Range: "bytes=0-1,1-5" }, [206, "6", "bytes 0-5/10", "012345"]],
    [{ Range: "bytes=0-1,99-" }, [206, "2", "bytes 0-1/10", "01"]],
    [{ Range: "bytes=10-,99-" }, outside],
    [{ Range: "bytes=0-1,x" }, whole],
    [{ Range: "bytes=0-1,4-5", "If-Range": '"other"' }, whole],
    [{ Range: "lines=0-1" }, whole],
    [{ Range: "garbage" }, whole],
    [{ Range: "bytes=2-4", "If-Range": entityTag }, [206, "3", "bytes 2-4/10", "234"]],
    [{ Range: "bytes=2-4", "If-Range": '"other"' }, whole],
    [{ Range: "bytes=99-", "If-Range": '"other"' }, whole],
    [{ Range: "bytes=2-4", "If-Range": "Tue, 15 Nov 1994 12:45:26 GMT" }, whole],
    [{ "If-None-Match": entityTag }, notModified],
    [{ "If-None-Match": "*" }, notModified],
    [{ "If-None-Match": `W/${entityTag}` }, notModified],
    [{ "If-None-Match": '"other"' }, whole],
    // RFC 9110, section 13.2.2: If-None-Match is looked at before Range.
    [{ "If-None-Match": entityTag, Range: "bytes=99-" }, notModified],
    [{ "If-None-Match": '"other"', Range: "bytes=2-4" }, [206, "3", "bytes 2-4/10", "234"]],
  ])("to GET with %j", async (headers, want) => {
    expect(await answer(headers as Record<string, string>)).toEqual(want);
  });

  test.each([
    [{}, [200, "10", null, ""]],
    [{ Range: "bytes=2-4" }, [200, "10", null, ""]],
    [{ Range: "bytes=0-1,4-5" }, [200, "10", null, ""]],
    [{ Range: "bytes=99-" }, [200, "10", null, ""]],
    [{ "If-None-Match": entityTag }, notModified],
  ])("to HEAD with %j", async (headers, want) => {
    expect(await answer(headers as Record<string, string>, { isHead: true })).toEqual(want);
  });

  test.each([
    [
      "bytes=0-1,4-5",
      [
        ["bytes 0-1/10", "01"],
        ["bytes 4-5/10", "45"],
      ],
    ],
    [
      "bytes=-1,2-3,99-",
      [
        ["bytes 9-9/10", "9"],
        ["bytes 2-3/10", "23"],
      ],
    ],
  ])("has several parts for %s", async (range, want) => {
    const response = serveContent(new Request("http://registry.test/", { headers: { Range: range } }), {
      digest,
      sizeBytes: text.length,
      contentType: "application/octet-stream",
      source: contentOf(new Blob([utf8(text)])),
      headers: acceptRanges,
    });
    const told = ["content-range", "etag", "accept-ranges"].map((name) => response.headers.get(name));
    expect([response.status, ...told]).toEqual([206, null, entityTag, "bytes"]);
    expect(await partsOf(response)).toEqual(want as [string, string][]);
  });

  test("knows no ranges of what does not say that it has them", async () => {
    expect(await answer({ Range: "bytes=2-4" }, { own: {} })).toEqual(whole);
  });

  test.each([
    [{}, [200, "0", null, ""]],
    [{ Range: "bytes=0-" }, ["RANGE_NOT_SATISFIABLE", { "Content-Range": "bytes */0" }]],
  ])("of nothing, to GET with %j", async (headers, want) => {
    expect(await answer(headers as Record<string, string>, { content: "" })).toEqual(want);
  });

  test("names the digest, also where nothing was modified", () => {
    const content = { digest, sizeBytes: 10, contentType: "text/x", source: undefined, headers: acceptRanges };
    const requests = [{}, { "If-None-Match": entityTag }].map(
      (headers) => new Request("http://registry.test/", { method: "HEAD", headers: headers as Record<string, string> }),
    );
    const named = ["docker-content-digest", "etag", "accept-ranges", "content-type"];
    expect(requests.map((request) => named.map((name) => serveContent(request, content).headers.get(name)))).toEqual([
      [digest, entityTag, "bytes", "text/x"],
      [digest, entityTag, "bytes", null],
    ]);
  });
});
