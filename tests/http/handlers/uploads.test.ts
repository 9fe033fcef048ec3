import { describe, expect, test } from "bun:test";
import { openMemory } from "../../storage/memory.ts";
import {
  type Ask,
  digestOf,
  type MemoryRegistry,
  memoryRegistry,
  refusalOf,
  summarize,
  uploadId,
  utf8,
} from "../memory-registry.ts";

const text = "0123456789";
const digest = digestOf(text);
const sha512 = digestOf(text, "sha512");
const uploads = "/v2/a/blobs/uploads/";
const session = `${uploads}${uploadId(1)}`;
const state = ["location", "range", "docker-upload-uuid"];
/** With a query, to which many scripts append theirs. */
const location = `${session}?_state=open`;
const told = (sizeBytes: number) => [location, `0-${Math.max(0, sizeBytes - 1)}`, uploadId(1)];
const made = ["location", "docker-content-digest"];

/** A registry with one session, `uploadId(1)` of repository a, that has got the text so far. */
async function opened(soFar = "", query = ""): Promise<MemoryRegistry> {
  const memory = memoryRegistry();
  const started = await memory.ask("POST", `${uploads}${query}`);
  const patched = soFar === "" ? started : await memory.ask("PATCH", session, { body: soFar });
  if (patched.status !== 202) throw new Error(`not begun: ${patched.status} ${await patched.text()}`);
  return memory;
}

/** What GET of the blob and of the session say after a request. */
async function aftermath({ ask }: MemoryRegistry): Promise<unknown[]> {
  const blob = await ask("GET", `/v2/a/blobs/${digest}`);
  return [blob.status, (await ask("GET", session)).status];
}

/** A body that comes in pieces, without a length. */
function pieces(...texts: readonly string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const piece of texts) controller.enqueue(utf8(piece));
      controller.close();
    },
  });
}

describe("POST", () => {
  test.each([
    ["", [202, ...told(0), ""]],
    ["?digest-algorithm=sha512", [202, ...told(0), ""]],
    ["?digest-algorithm=md5", [400, null, null, null, "DIGEST_INVALID"]],
    ["?digest-algorithm=sha256&digest-algorithm=sha512", [400, null, null, null, "UNSUPPORTED"]],
    ["?digest=", [202, ...told(0), ""]],
  ])("%s opens a session", async (query, want) => {
    expect(await summarize(await memoryRegistry().ask("POST", `${uploads}${query}`), ...state)).toEqual(want);
  });

  test.each([
    [digest, { body: text }, [201, `/v2/a/blobs/${digest}`, digest, ""]],
    [digest, { body: pieces("01234", "", "56789") }, [201, `/v2/a/blobs/${digest}`, digest, ""]],
    [sha512, { body: text }, [201, `/v2/a/blobs/${sha512}`, sha512, ""]],
    [digestOf(""), {}, [201, `/v2/a/blobs/${digestOf("")}`, digestOf(""), ""]],
    [digest, { body: "other" }, [400, null, null, "DIGEST_INVALID"]],
    [digest, {}, [400, null, null, "DIGEST_INVALID"]],
    ["sha256:abc", { body: text }, [400, null, null, "DIGEST_INVALID"]],
    [digest.toUpperCase(), { body: text }, [400, null, null, "DIGEST_INVALID"]],
    [digest, { body: text, headers: { "Content-Length": "10, 10" } }, [400, null, null, "UNSUPPORTED"]],
  ])("with digest %s and %j makes the blob at once", async (named, ask, want) => {
    const response = await memoryRegistry().ask("POST", `${uploads}?digest=${named}`, ask as Ask);
    expect(await summarize(response, ...made)).toEqual(want);
  });

  test("with a digest that is not right leaves neither a blob nor a session", async () => {
    const memory = memoryRegistry();
    await memory.ask("POST", `${uploads}?digest=${digest}`, { body: "other" });
    expect(await aftermath(memory)).toEqual([404, 404]);
  });

  test("whose body breaks off leaves neither a blob nor a session", async () => {
    const memory = memoryRegistry();
    const gone = new DOMException("The operation was aborted.", "AbortError");
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(gone),
    });
    await memory.ask("POST", `${uploads}?digest=${digest}`, { body });
    expect(await aftermath(memory)).toEqual([404, 404]);
  });
});

describe("PATCH", () => {
  test.each([
    ["", { body: "01234" }, [202, ...told(5), ""]],
    ["", { body: pieces("01", "234") }, [202, ...told(5), ""]],
    ["", { body: "01234", headers: { "Content-Range": "0-4", "Content-Length": "5" } }, [202, ...told(5), ""]],
    ["01234", { body: "56789" }, [202, ...told(10), ""]],
    ["01234", { body: "56789", headers: { "Content-Range": "5-9" } }, [202, ...told(10), ""]],
    ["01234", { body: "56789", headers: { "Content-Range": "bytes 5-9/*" } }, [202, ...told(10), ""]],
    ["01234", { body: "56789", headers: { "Content-Range": "bytes=5-9" } }, [202, ...told(10), ""]],
    ["01234", {}, [202, ...told(5), ""]],
    ["01234", { body: "6789", headers: { "Content-Range": "6-9" } }, [416, ...told(5), "BLOB_UPLOAD_INVALID"]],
    ["01234", { body: "01234", headers: { "Content-Range": "0-4" } }, [416, ...told(5), "BLOB_UPLOAD_INVALID"]],
    ["", { body: "x", headers: { "Content-Range": "1-1" } }, [416, ...told(0), "BLOB_UPLOAD_INVALID"]],
  ])("after '%s', with %j", async (soFar, ask, want) => {
    const { ask: send } = await opened(soFar);
    expect(await summarize(await send("PATCH", session, ask as Ask), ...state)).toEqual(want);
  });

  test.each([
    ["bytes 0-4/4", [400, "BLOB_UPLOAD_INVALID"]],
    ["bytes=0-9", [400, "SIZE_INVALID"]],
    ["0-", [400, "BLOB_UPLOAD_INVALID"]],
    ["4-0", [400, "BLOB_UPLOAD_INVALID"]],
    ["-5", [400, "BLOB_UPLOAD_INVALID"]],
    ["0-4, 5-9", [400, "BLOB_UPLOAD_INVALID"]],
    ["0-99999999999999999999", [400, "BLOB_UPLOAD_INVALID"]],
    ["", [400, "BLOB_UPLOAD_INVALID"]],
    ["0-9", [400, "SIZE_INVALID"]],
    ["0-3", [400, "SIZE_INVALID"]],
  ])("with Content-Range '%s' for five bytes is refused", async (range, want) => {
    const { ask } = await opened();
    const headers = { "Content-Range": range, "Content-Length": "5" };
    expect(await refusalOf(await ask("PATCH", session, { body: "01234", headers }))).toEqual(want);
  });

  test("that is out of order tells where to go on, and the session takes it from there", async () => {
    const { ask } = await opened("01234");
    await ask("PATCH", session, { body: "89", headers: { "Content-Range": "8-9" } });
    const patched = await ask("PATCH", session, { body: "56789", headers: { "Content-Range": "5-9" } });
    const put = await ask("PUT", `${session}?digest=${digest}`);
    expect([patched.status, put.status]).toEqual([202, 201]);
  });

  test("that stalls is answered 408, and what came is kept", async () => {
    const driver = openMemory();
    const { ask } = memoryRegistry({ driver, limits: { stallMs: 20 } });
    await ask("POST", uploads);
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(utf8("012")) });
    const stalled = await ask("PATCH", session, { body });
    expect([await summarize(stalled, "connection"), await summarize(await ask("GET", session), ...state)]).toEqual([
      [408, "close", "BLOB_UPLOAD_INVALID"],
      [204, ...told(3), ""],
    ]);
  });

  test("that breaks off keeps what came", async () => {
    const { ask } = await opened("01234");
    let isFirst = true;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (isFirst) controller.enqueue(utf8("56"));
        else controller.error(new DOMException("The operation was aborted.", "AbortError"));
        isFirst = false;
      },
    });
    await ask("PATCH", session, { body });
    expect(await summarize(await ask("GET", session), ...state)).toEqual([204, ...told(7), ""]);
  });
});

describe("PUT", () => {
  test("goes where scripts send it that append to every Location they are told", async () => {
    const { ask } = memoryRegistry();
    const begun = await ask("POST", uploads);
    const patched = await ask("PATCH", begun.headers.get("location") ?? "", { body: "01234" });
    const asked = await ask("GET", patched.headers.get("location") ?? "");
    const put = await ask("PUT", `${asked.headers.get("location")}&digest=${digest}`, { body: "56789" });
    expect([begun.status, patched.status, asked.status, put.status]).toEqual([202, 202, 204, 201]);
  });

  const created = [201, `/v2/a/blobs/${digest}`, digest, ""];

  test.each([
    ["", { body: text }, created],
    [text, {}, created],
    ["01234", { body: "56789" }, created],
    ["01234", { body: pieces("56", "789") }, created],
    ["01234", { body: "56789", headers: { "Content-Range": "5-9" } }, created],
    [text, { body: "" }, created],
    ["01234", {}, [400, null, null, "DIGEST_INVALID"]],
    ["01234", { body: "x" }, [400, null, null, "DIGEST_INVALID"]],
    ["01234", { body: "56789", headers: { "Content-Range": "6-10" } }, [416, location, null, "BLOB_UPLOAD_INVALID"]],
    ["01234", { body: "56789", headers: { "Content-Range": "5-8" } }, [400, null, null, "SIZE_INVALID"]],
    ["01234", { body: "56789", headers: { "Content-Range": "x" } }, [400, null, null, "BLOB_UPLOAD_INVALID"]],
  ])("after '%s', with %j", async (soFar, ask, want) => {
    const { ask: send } = await opened(soFar);
    const response = await send("PUT", `${session}?digest=${digest}`, ask as Ask);
    expect(await summarize(response, ...made)).toEqual(want);
  });

  test.each([
    ["", [400, "DIGEST_INVALID"]],
    ["?digest=", [400, "DIGEST_INVALID"]],
    ["?digest=md5:d41d8cd98f00b204e9800998ecf8427e", [400, "DIGEST_INVALID"]],
    [`?digest=${digest}&digest=${digest}`, [400, "UNSUPPORTED"]],
  ])("with the query '%s' is refused, and the session lives on", async (query, want) => {
    const memory = await opened(text);
    expect([await refusalOf(await memory.ask("PUT", `${session}${query}`)), await aftermath(memory)]).toEqual([
      want,
      [404, 204],
    ]);
  });

  test.each([
    ["sha256", digest, ""],
    ["sha512", sha512, "?digest-algorithm=sha512"],
    ["sha512 that was not announced", sha512, ""],
    ["sha256 where sha512 was announced", digest, "?digest-algorithm=sha512"],
  ])("makes a blob under a digest of %s", async (_name, named, query) => {
    const { ask } = await opened("01234", query);
    const put = await ask("PUT", `${session}?digest=${named}`, { body: "56789" });
    const pulled = await ask("GET", `/v2/a/blobs/${named}`);
    expect([put.status, await pulled.text()]).toEqual([201, text]);
  });

  test("with a digest that is not right ends the session", async () => {
    const memory = await opened("other");
    await memory.ask("PUT", `${session}?digest=${digest}`);
    expect(await aftermath(memory)).toEqual([404, 404]);
  });

  test("ends the session; a second one is told of the same blob, as its answer may have been lost", async () => {
    const memory = await opened(text);
    const statuses = [];
    for (const named of [digest, digest, digestOf("missing")]) {
      statuses.push((await memory.ask("PUT", `${session}?digest=${named}`)).status);
    }
    expect([statuses, await aftermath(memory)]).toEqual([
      [201, 201, 404],
      [200, 404],
    ]);
  });
});

describe("GET and DELETE", () => {
  test.each([
    ["GET", "", [204, ...told(0), ""]],
    ["GET", "012", [204, ...told(3), ""]],
    ["HEAD", "012", [204, ...told(3), ""]],
    ["DELETE", "012", [204, null, null, null, ""]],
  ])("%s of a session with '%s'", async (method, soFar, want) => {
    const { ask } = await opened(soFar);
    expect(await summarize(await ask(method, session), ...state)).toEqual(want);
  });

  test("after DELETE there is no session", async () => {
    const memory = await opened("012");
    await memory.ask("DELETE", session);
    expect(await aftermath(memory)).toEqual([404, 404]);
  });
});

describe.each(["GET", "PATCH", "PUT", "DELETE"])("%s", (method) => {
  const query = method === "PUT" ? `?digest=${digest}` : "";

  test.each([
    ["of a session that never was", `${uploads}${uploadId(9)}`],
    ["of a session of another repository", `/v2/b/blobs/uploads/${uploadId(1)}`],
    ["of what is no identifier", `${uploads}1`],
  ])("%s is 404", async (_name, target) => {
    const memory = await opened("012");
    const body = method === "PATCH" || method === "PUT" ? { body: "x" } : {};
    expect(await refusalOf(await memory.ask(method, `${target}${query}`, body))).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
    expect(await aftermath(memory)).toEqual([404, 204]);
  });
});
