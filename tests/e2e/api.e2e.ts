// What the conformance program does not ask: several servers on one directory, links that no header can bend, indexes
// with missing children, and what people type after a tutorial.
import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf, openUpload, postBlob, pullImage, pushImage, refusalOf, withDigest } from "./image.ts";
import { must, requireProgram, run } from "./program.ts";

const indexType = "application/vnd.oci.image.index.v1+json";
const imageType = "application/vnd.oci.image.manifest.v1+json";
const bytes = new TextEncoder().encode("0123456789");

describe("links", () => {
  test("are relative, whatever the request says of the host", async () => {
    await using registry = await startRegistry();
    const headers = { Host: "evil.example", "X-Forwarded-Host": "evil.example", Forwarded: "host=evil.example" };
    const answers = [
      await registry.fetch("/v2/a/blobs/uploads/", { method: "POST", headers }),
      await registry.fetch(withDigest("/v2/a/blobs/uploads/", digestOf(bytes)), {
        method: "POST",
        headers,
        body: bytes,
      }),
    ];
    await pushImage(registry, "a", { tag: "v1" });
    await pushImage(registry, "a", { tag: "v2" });
    answers.push(await registry.fetch("/v2/a/tags/list?n=1", { headers }));
    const links = answers.map((answer) => answer.headers.get("location") ?? answer.headers.get("link"));
    expect(links).toEqual([
      expect.stringMatching(/^\/v2\/a\/blobs\/uploads\/[0-9a-f-]{36}\?_state=open$/),
      `/v2/a/blobs/${digestOf(bytes)}`,
      '</v2/a/tags/list?n=1&last=v1>; rel="next"',
    ]);
  });

  test("every answer has the headers that docker and browsers look at", async () => {
    await using registry = await startRegistry();
    const seen: unknown[] = [];
    for (const path of ["/v2/", "/v2/_catalog", "/nowhere", "/v2/a/tags/list"]) {
      const { headers } = await registry.fetch(path);
      seen.push(["docker-distribution-api-version", "x-content-type-options"].map((name) => headers.get(name)));
    }
    expect(seen).toEqual(seen.map(() => ["registry/2.0", "nosniff"]));
  });
});

describe("an index with a missing child", () => {
  async function putSparseIndex(registry: StartedRegistry) {
    await pushImage(registry, "a", { tag: "v1" });
    const present = await registry.fetch("/v2/a/manifests/v1");
    const size = (await present.bytes()).length;
    const manifests = [
      { mediaType: imageType, digest: present.headers.get("docker-content-digest"), size },
      { mediaType: imageType, digest: `sha256:${"0".repeat(64)}`, size: 7 },
    ];
    const body = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
    const headers = { "Content-Type": indexType };
    return { body, put: await registry.fetch("/v2/a/manifests/sparse", { method: "PUT", headers, body }) };
  }

  test("is refused, and names what is missing", async () => {
    await using registry = await startRegistry();
    const { put } = await putSparseIndex(registry);
    const { errors } = (await put.json()) as { errors: unknown[] };
    expect([put.status, errors]).toEqual([
      404,
      [expect.objectContaining({ code: "MANIFEST_BLOB_UNKNOWN", detail: { digest: `sha256:${"0".repeat(64)}` } })],
    ]);
    expect((await registry.fetch("/v2/a/manifests/sparse")).status).toBe(404);
  });

  test("is stored where validation.manifests.indexes.platforms is none; the child is 404 until it comes", async () => {
    const env = { REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMS: "none" };
    await using registry = await startRegistry({ env });
    const { body, put } = await putSparseIndex(registry);
    const pulled = await registry.fetch("/v2/a/manifests/sparse");
    const child = await registry.fetch(`/v2/a/manifests/sha256:${"0".repeat(64)}`);
    expect([put.status, await pulled.text(), await refusalOf(child)]).toEqual([
      201,
      body,
      { status: 404, code: "MANIFEST_UNKNOWN" },
    ]);
  });
});

describe("two servers on one directory", () => {
  test("serve what the other one took, and go on where the other one stopped", async () => {
    using data = temporaryDirectory();
    await using first = await startRegistry({ data: data.path });
    await using second = await startRegistry({ data: data.path });
    await pushImage(first, "shared", { tag: "v1" });
    await pullImage(second, "shared", "v1");
    expect(await (await second.fetch("/v2/_catalog")).json()).toEqual({ repositories: ["shared"] });

    const location = await openUpload(first, "shared");
    const patch = (registry: StartedRegistry, start: number, end: number) =>
      registry.fetch(location, {
        method: "PATCH",
        headers: { "Content-Range": `${start}-${end - 1}` },
        body: bytes.subarray(start, end),
      });
    const statuses = [
      (await patch(first, 0, 4)).status,
      (await patch(second, 4, 8)).status,
      (await patch(first, 4, 8)).status,
      (await patch(first, 8, 10)).status,
      (await second.fetch(withDigest(location, digestOf(bytes)), { method: "PUT" })).status,
      (await first.fetch(`/v2/shared/blobs/${digestOf(bytes)}`)).status,
      (await second.fetch("/v2/shared/manifests/v1", { method: "DELETE" })).status,
      (await first.fetch("/v2/shared/manifests/v1")).status,
    ];
    expect(statuses).toEqual([202, 202, 416, 202, 201, 200, 202, 404]);
  });
});

describe.skipIf(!requireProgram("openssl", "openssl"))("the names of the first certificate", () => {
  test("are localhost, the host's own name and every address of its interfaces", async () => {
    await using registry = await startRegistry();
    const addresses = Object.values(networkInterfaces())
      .flatMap((entries) => entries ?? [])
      .map(({ address }) => address)
      .filter((address) => !address.startsWith("fe80:"));
    const checks = [
      ["-verify_hostname", hostname().toLowerCase()],
      ...addresses.map((address) => ["-verify_ip", address]),
    ];
    for (const check of [["-verify_hostname", "localhost"], ...checks]) {
      const chain = ["-CAfile", registry.ca, join(registry.data, "tls/server.crt")];
      expect(await run(["openssl", "verify", "-x509_strict", ...check, ...chain])).toMatchObject({ code: 0 });
    }
  });
});

test("it serves from a working directory that was deleted", async () => {
  using directory = temporaryDirectory();
  const gone = join(directory.path, "gone");
  mkdirSync(gone);
  const under = ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh"];
  await using registry = await startRegistry({ cwd: gone, under });
  await pushImage(registry, "a", { tag: "v1" });
  await pullImage(registry, "a", "v1");
});

describe.skipIf(!requireProgram("curl", "curl"))("a tutorial", () => {
  test("prints what it prints elsewhere, by the lines that serve prints", async () => {
    await using registry = await startRegistry();
    await pushImage(registry, "busybox", { tag: "1.36" });
    const printed = registry.stdout().match(/^ {2}(curl .*)$/m)?.[1] ?? "";
    expect(await must(["sh", "-c", `${printed} -sS --fail`])).toBe('{"repositories":["busybox"]}');
    const tags = printed.replace("/v2/_catalog", "/v2/busybox/tags/list");
    expect(await must(["sh", "-c", `${tags} -sS --fail`])).toBe('{"name":"busybox","tags":["1.36"]}');
    const response = await postBlob(registry, "busybox", bytes);
    expect(response.status).toBe(201);
  });
});
