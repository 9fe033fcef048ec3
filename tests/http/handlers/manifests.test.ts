import { describe, expect, test } from "bun:test";
import { intercept } from "../../storage/intercepted.ts";
import { openMemory } from "../../storage/memory.ts";
import {
  type Ask,
  descriptorOf,
  digestOf,
  imageOf,
  imageType,
  indexType,
  type MemoryRegistry,
  memoryRegistry,
  pushBlob,
  pushImage,
  refusalOf,
  summarize,
  utf8,
} from "../memory-registry.ts";

const listType = "application/vnd.docker.distribution.manifest.list.v2+json";
const dockerType = "application/vnd.docker.distribution.manifest.v2+json";
const config = "config";
const image = imageOf(config);
const digest = digestOf(image);
const sha512 = digestOf(image, "sha512");
const at = (reference: string, name = "a") => `/v2/${name}/manifests/${reference}`;
const headers = ["content-type", "content-length", "docker-content-digest", "etag"];
const told = [imageType, String(image.length), digest, `"${digest}"`];
const put = ["location", "docker-content-digest", "oci-subject", "oci-tag"];

/** A registry whose repository a has the image's blob, and the image under the references. */
async function filled(...references: readonly string[]): Promise<MemoryRegistry> {
  const memory = memoryRegistry();
  await pushBlob(memory, "a", config);
  for (const reference of references) await memory.ask("PUT", at(reference), { body: image });
  return memory;
}

async function statuses({ ask }: MemoryRegistry, ...references: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for (const reference of references) found.push((await ask("GET", at(reference))).status);
  return found;
}

describe("GET and HEAD of a manifest", () => {
  test.each([
    ["GET", "v1", {}, [200, ...told, image]],
    ["GET", digest, {}, [200, ...told, image]],
    ["HEAD", "v1", {}, [200, ...told, ""]],
    ["HEAD", digest, {}, [200, ...told, ""]],
    // The stored type, whatever Accept says.
    ["GET", "v1", { Accept: listType }, [200, ...told, image]],
    ["GET", "v1", { Accept: "text/html" }, [200, ...told, image]],
    ["GET", "v1", { "If-None-Match": `"${digest}"` }, [304, null, null, digest, `"${digest}"`, ""]],
    ["HEAD", "v1", { "If-None-Match": `"${digest}"` }, [304, null, null, digest, `"${digest}"`, ""]],
    // Manifests are small and promise no ranges.
    ["GET", "v1", { Range: "bytes=0-1" }, [200, ...told, image]],
  ])("%s %s with %j", async (method, reference, sent, want) => {
    const { ask } = await filled("v1");
    const response = await ask(method, at(reference), { headers: sent as Record<string, string> });
    expect(await summarize(response, ...headers)).toEqual(want);
  });

  test.each([
    [at("v2"), [404, "MANIFEST_UNKNOWN"]],
    [at("V1"), [404, "MANIFEST_UNKNOWN"]],
    [at(digestOf("missing")), [404, "MANIFEST_UNKNOWN"]],
    [at(sha512), [404, "MANIFEST_UNKNOWN"]],
    [at("v1", "b"), [404, "MANIFEST_UNKNOWN"]],
    [at(digest, "b"), [404, "MANIFEST_UNKNOWN"]],
    // A blob of the repository, but no manifest.
    [at(digestOf(config)), [404, "MANIFEST_UNKNOWN"]],
    [at(".v1"), [404, "MANIFEST_UNKNOWN"]],
    [at("x".repeat(129)), [404, "MANIFEST_UNKNOWN"]],
    [at("sha256:abc"), [400, "DIGEST_INVALID"]],
    [at("md5:d41d8cd98f00b204e9800998ecf8427e"), [400, "DIGEST_INVALID"]],
    [at("v1", "A"), [400, "NAME_INVALID"]],
  ])("GET and HEAD of %s are refused", async (target, want) => {
    const { ask } = await filled("v1");
    expect([await refusalOf(await ask("GET", target)), await refusalOf(await ask("HEAD", target))]).toEqual([
      want,
      want,
    ]);
  });

  test("a manifest is no blob of its repository", async () => {
    const { ask } = await filled("v1");
    expect((await ask("GET", `/v2/a/blobs/${digest}`)).status).toEqual(404);
  });
});

describe("PUT of a manifest", () => {
  const created = (tag: string | null, location = digest) => [201, at(location), location, null, tag, ""];

  test.each([
    ["v1", {}, created("v1")],
    ["v1", { "Content-Type": imageType }, created("v1")],
    ["v1", { "Content-Type": `${imageType}; charset=utf-8` }, created("v1")],
    [digest, {}, created(null)],
    [sha512, {}, created(null, sha512)],
    [`${digest}?tag=v1`, {}, created("v1")],
    [`${digest}?tag=v1&tag=v2&tag=v1`, {}, created("v1, v2")],
    [`${sha512}?tag=v1`, {}, created("v1", sha512)],
  ])("%s with %j", async (reference, sent, want) => {
    const { ask } = await filled();
    const response = await ask("PUT", at(reference), { body: image, headers: sent as Record<string, string> });
    expect(await summarize(response, ...put)).toEqual(want);
  });

  test.each([
    [digestOf("other"), {}, [400, "DIGEST_INVALID"]],
    ["v1", { "Content-Type": indexType }, [400, "MANIFEST_INVALID"]],
    ["v1", { "Content-Type": dockerType }, [400, "MANIFEST_INVALID"]],
    ["v1", { "Content-Type": "application/json" }, [400, "MANIFEST_INVALID"]],
    ["v1", { "Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws" }, [400, "MANIFEST_INVALID"]],
    ["v1", { "Content-Length": "10, 10" }, [400, "UNSUPPORTED"]],
    ["v1", { "Content-Length": String(4 * 1024 * 1024 + 1) }, [413, "SIZE_INVALID"]],
    [".v1", {}, [400, "MANIFEST_INVALID"]],
    ["sha256:abc", {}, [400, "DIGEST_INVALID"]],
    ["v1?tag=v2", {}, [400, "UNSUPPORTED"]],
    [`${digest}?tag=.v1`, {}, [400, "MANIFEST_INVALID"]],
    [`${digest}?${"tag=v1&".repeat(101)}`, {}, [414, "MANIFEST_INVALID"]],
  ])("%s with %j is refused, and nothing is stored", async (reference, sent, want) => {
    const memory = await filled();
    const response = await memory.ask("PUT", at(reference), { body: image, headers: sent as Record<string, string> });
    expect([await refusalOf(response), await statuses(memory, digest, "v1", "v2")]).toEqual([want, [404, 404, 404]]);
  });

  const child = descriptorOf(image);
  const broken = { mediaType: "x", digest: digestOf("x"), size: 1 };
  const index = (fields: Record<string, unknown>) =>
    JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [], ...fields });

  test.each([
    ["nothing", "", [400, "MANIFEST_INVALID"]],
    ["no JSON", "{", [400, "MANIFEST_INVALID"]],
    ["an array", "[]", [400, "MANIFEST_INVALID"]],
    ["null", "null", [400, "MANIFEST_INVALID"]],
    ["schema 1", JSON.stringify({ schemaVersion: 1, fsLayers: [] }), [400, "MANIFEST_INVALID"]],
    ["both an image and an index", imageOf(config, { manifests: [] }), [400, "MANIFEST_INVALID"]],
    ["an index that says it is an image", index({ mediaType: imageType }), [400, "MANIFEST_INVALID"]],
    ["another type", imageOf(config, { mediaType: "application/json" }), [400, "MANIFEST_INVALID"]],
    ["a wrong size", imageOf(config, { config: { ...child, size: 5 } }), [404, "MANIFEST_BLOB_UNKNOWN"]],
    ["a config of another size", image.replace('"size":6', '"size":7'), [400, "MANIFEST_INVALID"]],
    ["a missing layer", imageOf(config, { layers: [broken] }), [404, "MANIFEST_BLOB_UNKNOWN"]],
    ["a missing child", index({ manifests: [child] }), [404, "MANIFEST_BLOB_UNKNOWN"]],
    [
      "a blob as a child of another size",
      index({ manifests: [{ ...descriptorOf(config), size: 7 }] }),
      [400, "MANIFEST_INVALID"],
    ],
    [
      "a subject without a digest",
      imageOf(config, { subject: { mediaType: "x", size: 1 } }),
      [400, "MANIFEST_INVALID"],
    ],
    ["a key twice", image.replace("{", '{"schemaVersion":2,'), [400, "MANIFEST_INVALID"]],
    ["a byte order mark", `\uFEFF${image}`, [400, "MANIFEST_INVALID"]],
  ])("of %s is refused", async (_name, body, want) => {
    const { ask } = await filled();
    expect(await refusalOf(await ask("PUT", at("v1"), { body }))).toEqual(want);
  });

  test("names every blob that is missing", async () => {
    const { ask } = await filled();
    const missing = ["x", "y"].map((text) => descriptorOf(text, { mediaType: "x" }));
    const response = await ask("PUT", at("v1"), { body: imageOf(config, { layers: missing }) });
    const { errors } = (await response.json()) as { errors: { detail: unknown }[] };
    expect(errors.map(({ detail }) => detail)).toEqual(missing.map((layer) => ({ digest: layer.digest })));
  });

  test.each([
    ["as one piece", (text: string) => ({ body: text })],
    ["without a length", (text: string) => ({ body: new Blob([text]).stream() as ReadableStream<Uint8Array> })],
  ])("of 4 MiB is stored and of a byte more is 413, %s", async (_name, send: (text: string) => Ask) => {
    const padded = (sizeBytes: number) => image.replace("{", `{${" ".repeat(sizeBytes - image.length)}`);
    const memory = await filled();
    const largest = padded(4 * 1024 * 1024);
    expect([
      (await memory.ask("PUT", at("largest"), send(largest))).status,
      await refusalOf(await memory.ask("PUT", at("larger"), send(`${largest} `))),
      (await (await memory.ask("GET", at("largest"))).text()) === largest,
    ]).toEqual([201, [413, "SIZE_INVALID"], true]);
  });

  test("keeps the bytes as they are", async () => {
    const { ask } = await filled();
    const spaced = utf8(JSON.stringify(JSON.parse(image), undefined, 3).replace("{", '{ "x": 1e400, "é": "\\u00e9",'));
    await ask("PUT", at("v1"), { body: spaced });
    expect(await (await ask("GET", at("v1"))).bytes()).toEqual(spaced);
  });

  test.each([
    ["gives its memory back once it is stored", undefined, [201, 0]],
    [
      "keeps it after a failure, when something may still be writing",
      new Error("the disk is gone"),
      [500, image.length],
    ],
  ])("%s", async (_name, failure, want) => {
    let written: Uint8Array | undefined;
    const put = async (key: string, bytes: Uint8Array) => {
      if (bytes.length === image.length) written = bytes;
      if (failure !== undefined && key.includes("/tags/")) throw failure;
    };
    const memory = memoryRegistry({ driver: intercept(openMemory(), { objects: { put } }) });
    await pushBlob(memory, "a", config);
    const { status } = await memory.ask("PUT", at("v1"), { body: image });
    expect([status, written?.length]).toEqual(want);
  });

  test("with a subject is answered with OCI-Subject, whether or not the subject is there", async () => {
    const { ask } = await filled("v1");
    const answers = [];
    for (const subject of [descriptorOf(image), descriptorOf(imageOf("missing"))]) {
      const response = await ask("PUT", at("v2"), { body: imageOf(config, { subject }) });
      answers.push([response.status, response.headers.get("oci-subject") === subject.digest]);
    }
    expect(answers).toEqual([
      [201, true],
      [201, true],
    ]);
  });

  test("moves a tag, and the manifest that it left stays", async () => {
    const memory = await filled("v1");
    const other = await pushImage(memory, "a", { reference: "v1", text: "other" });
    const moved = (await memory.ask("GET", at("v1"))).headers.get("docker-content-digest");
    expect([moved, await statuses(memory, digest)]).toEqual([digestOf(other), [200]]);
  });

  test.each([
    ["docker's type", JSON.stringify({ ...JSON.parse(image), mediaType: dockerType }), dockerType],
    ["no type, but an image's fields", image.replace(/"mediaType":"[^"]*manifest[^"]*",/, ""), imageType],
    ["no type, but an index's fields", JSON.stringify({ schemaVersion: 2, manifests: [child] }), indexType],
    ["the type of docker's list", index({ mediaType: listType, manifests: [child] }), listType],
  ])("of %s is served with its type", async (_name, body, want) => {
    const { ask } = await filled("v1");
    const response = await ask("PUT", at("v2"), { body });
    expect([response.status, (await ask("HEAD", at("v2"))).headers.get("content-type")]).toEqual([201, want]);
  });
});

describe("DELETE of a manifest", () => {
  test.each([
    ["v1", [202, ""], [404, 200, 200]],
    [digest, [202, ""], [404, 404, 404]],
    ["v9", [404, "MANIFEST_UNKNOWN"], [200, 200, 200]],
    [digestOf("missing"), [404, "MANIFEST_UNKNOWN"], [200, 200, 200]],
    [".v1", [404, "MANIFEST_UNKNOWN"], [200, 200, 200]],
    ["sha256:abc", [400, "DIGEST_INVALID"], [200, 200, 200]],
  ])("by %s", async (reference, want, after) => {
    const memory = await filled("v1", "v2");
    const response = await memory.ask("DELETE", at(reference));
    expect([await summarize(response), await statuses(memory, "v1", "v2", digest)]).toEqual([want, after]);
  });

  test("leaves other repositories alone", async () => {
    const memory = await filled("v1");
    await pushImage(memory, "b", { reference: "v1" });
    await memory.ask("DELETE", at(digest));
    expect((await memory.ask("GET", at("v1", "b"))).status).toEqual(200);
  });
});

describe("an index whose children are missing", () => {
  const platform = (os: string) => ({ architecture: "amd64", os });
  const sparse = JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: [
      descriptorOf(image, { platform: platform("linux") }),
      descriptorOf("x", { platform: platform("plan9") }),
    ],
  });

  test.each([
    ["all", 404],
    ["none", 201],
    [[platform("linux")], 201],
    [[platform("plan9")], 404],
  ] as const)("where %j must be there", async (children, status) => {
    const memory = memoryRegistry({ rules: { urls: "any", children } });
    await pushImage(memory, "a", { text: config });
    const response = await memory.ask("PUT", at("v1"), { body: sparse });
    expect([response.status, (await memory.ask("GET", at("v1"))).status]).toEqual([status, status === 201 ? 200 : 404]);
  });
});
