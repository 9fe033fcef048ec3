import { describe, expect, test } from "bun:test";
import { dispatch } from "../../../src/http/dispatch.ts";
import { streamOf } from "../../../src/http/handlers/content.ts";
import type { Content } from "../../../src/lib/content.ts";
import { digestOf, memoryRegistry, pushBlob, refusalOf, summarize } from "../memory-registry.ts";

const text = "0123456789";
const digest = digestOf(text);
const missing = digestOf("missing");
const blob = `/v2/a/blobs/${digest}`;

async function filled(changes: Parameters<typeof memoryRegistry>[0] = {}) {
  const memory = memoryRegistry(changes);
  await pushBlob(memory, "a", text);
  return memory;
}

describe("GET and HEAD of a blob", () => {
  const headers = [
    "content-length",
    "content-type",
    "docker-content-digest",
    "etag",
    "accept-ranges",
    "content-disposition",
    "cache-control",
  ];
  const told = ["10", "application/octet-stream", digest, `"${digest}"`, "bytes", "attachment", "max-age=31536000"];

  test.each([
    ["GET", [200, ...told, text]],
    ["HEAD", [200, ...told, ""]],
  ])("%s says all about it", async (method, want) => {
    const { ask } = await filled();
    expect(await summarize(await ask(method, blob), ...headers)).toEqual(want);
  });

  test.each([
    [{ Range: "bytes=2-4" }, [206, "3", "bytes 2-4/10", "234"]],
    [{ Range: "bytes=10-" }, [416, null, "bytes */10", "SIZE_INVALID"]],
    [{ "If-None-Match": `"${digest}"` }, [304, null, null, ""]],
    [{ Range: "bytes=2-4", "If-Range": '"other"' }, [200, "10", null, text]],
    [{ Accept: "text/html" }, [200, "10", null, text]],
  ])("GET with %j", async (sent, want) => {
    const { ask } = await filled();
    const response = await ask("GET", blob, { headers: sent as Record<string, string> });
    expect(await summarize(response, "content-length", "content-range")).toEqual(want);
  });

  test.each([
    ["GET", `/v2/a/blobs/${missing}`, [404, "BLOB_UNKNOWN"]],
    ["HEAD", `/v2/a/blobs/${missing}`, [404, "BLOB_UNKNOWN"]],
    ["GET", `/v2/b/blobs/${digest}`, [404, "BLOB_UNKNOWN"]],
    ["HEAD", `/v2/a/b/blobs/${digest}`, [404, "BLOB_UNKNOWN"]],
    ["GET", "/v2/a/blobs/latest", [400, "DIGEST_INVALID"]],
    ["GET", `/v2/A/blobs/${digest}`, [400, "NAME_INVALID"]],
  ])("%s %s is refused", async (method, target, want) => {
    const { ask } = await filled();
    expect(await refusalOf(await ask(method, target))).toEqual(want);
  });

  test("an empty blob is served", async () => {
    const memory = memoryRegistry();
    const empty = await pushBlob(memory, "a", "");
    expect(await summarize(await memory.ask("GET", `/v2/a/blobs/${empty}`), "content-length")).toEqual([200, "0", ""]);
  });
});

describe("a blob that the object store can serve", () => {
  const address = "https://store.test/blob?X-Amz-Signature=1";

  async function elsewhere(place = address) {
    const memory = await filled();
    const { objects } = memory.driver;
    const stored = objects.open.bind(objects);
    const open = async (key: string): Promise<Content | undefined> => {
      const content = await stored(key);
      return content === undefined ? undefined : withAddress(content, place);
    };
    Object.assign(objects, { open });
    return memory;
  }

  function withAddress(content: Content, place: string): Content {
    return {
      sizeBytes: content.sizeBytes,
      stream: () => content.stream(),
      slice: (start, end) => withAddress(content.slice(start, end), place),
      body: () => streamOf(content.stream()),
      address: async () => place,
    };
  }

  test.each<[string, Record<string, string>, unknown[]]>([
    ["GET", {}, [307, address, digest, "no-store", null, ""]],
    ["GET", { Range: "bytes=2-4" }, [307, address, digest, "no-store", null, ""]],
    ["GET", { Range: "bytes=5-2" }, [416, null, null, null, null, "SIZE_INVALID"]],
    ["GET", { "Sec-Fetch-Site": "cross-site" }, [307, address, digest, "no-store", null, ""]],
    ["GET", { "Sec-Fetch-Site": "same-origin" }, [200, null, digest, "max-age=31536000", "10", text]],
    ["GET", { "If-None-Match": `"${digest}"` }, [304, null, digest, "max-age=31536000", null, ""]],
    ["HEAD", {}, [200, null, digest, "max-age=31536000", "10", ""]],
  ])("is redirected for %s with %j, or not", async (method, headers, want) => {
    const { ask } = await elsewhere();
    const answer = await ask(method, blob, { headers });
    const shown = ["location", "docker-content-digest", "cache-control", "content-length"];
    const [status, ...rest] = await summarize(answer, ...shown);
    expect([status, ...rest.slice(0, 3), method === "GET" && status === 307 ? null : rest[3], rest[4]]).toEqual(want);
  });

  test.each<[string, Record<string, string>]>([
    ["https://registry.test", {}],
    ["http://registry.test", { "X-Forwarded-Proto": "https" }],
  ])("is not redirected for who came over TLS, if that would end there: %s, %j", async (origin, headers) => {
    const { options } = await elsewhere("http://store.test/blob");
    const answer = await dispatch(new Request(`${origin}${blob}`, { headers }), options);
    expect(answer.status).toBe(200);
  });

  test.each<[string, Record<string, string>, number]>([
    ["http://registry.test:9000", {}, 307],
    ["http://registry.test:9000", { Authorization: "Basic eA==" }, 200],
    ["http://s3.registry.test", { Authorization: "Basic eA==" }, 200],
    ["http://other-registry.test", { Authorization: "Basic eA==" }, 307],
  ])("at %s is redirected to for who shows %j, or not", async (store, headers, status) => {
    const { options } = await elsewhere(`${store}/blob`);
    const answer = await dispatch(new Request(`http://registry.test:5000${blob}`, { headers }), options);
    expect(answer.status).toBe(status);
  });

  test.each<[Record<string, string>, unknown[]]>([
    [{}, [200, "10", null, text]],
    [{ Range: "bytes=2-4" }, [206, "3", "bytes 2-4/10", "234"]],
    [{ Range: "bytes=99-" }, [416, null, "bytes */10", "SIZE_INVALID"]],
  ])("tells its length for GET with %j although it comes as a stream", async (headers, want) => {
    const { ask } = await elsewhere();
    const answer = await ask("GET", blob, { headers: { ...headers, "Sec-Fetch-Site": "same-origin" } });
    expect(await summarize(answer, "content-length", "content-range")).toEqual(want);
  });

  test("is not redirected to if it is not there", async () => {
    const { ask } = await elsewhere();
    expect(await refusalOf(await ask("GET", `/v2/a/blobs/${missing}`))).toEqual([404, "BLOB_UNKNOWN"]);
  });
});

describe("DELETE of a blob", () => {
  test("takes it out of its repository alone", async () => {
    const memory = await filled();
    await pushBlob(memory, "b", text);
    const statuses = [];
    for (const [method, name] of [
      ["DELETE", "a"],
      ["GET", "a"],
      ["HEAD", "a"],
      ["DELETE", "a"],
      ["GET", "b"],
    ] as const)
      statuses.push((await memory.ask(method, `/v2/${name}/blobs/${digest}`)).status);
    expect(statuses).toEqual([202, 404, 404, 404, 200]);
  });

  test.each([
    [{ isDeleteEnabled: false, isReadOnly: false }, "GET, HEAD, OPTIONS", "storage.delete.enabled"],
    [{ isDeleteEnabled: true, isReadOnly: true }, "GET, HEAD, OPTIONS", "storage.maintenance.readonly"],
  ])("is refused with 405 where %j", async (switches, allow, key) => {
    const memory = await filled();
    const off = memoryRegistry({ driver: memory.driver, switches });
    const response = await off.ask("DELETE", blob);
    const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
    expect([response.status, response.headers.get("allow"), errors[0]?.code, errors[0]?.message.includes(key)]).toEqual(
      [405, allow, "UNSUPPORTED", true],
    );
    expect((await off.ask("GET", blob)).status).toEqual(200);
  });
});
