import { describe, expect, test } from "bun:test";
import { answering } from "../../storage/intercepted.ts";
import { openMemory } from "../../storage/memory.ts";
import { memoryRegistry, summarize } from "../memory-registry.ts";

const pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

const rootText = "This is a container registry. Its API is at /v2/, for docker and its kind.\n";

describe("outside of repositories", () => {
  test.each([
    ["GET", "/v2/", [200, "application/json;charset=utf-8", null, "{}"]],
    ["GET", "/v2", [200, "application/json;charset=utf-8", null, "{}"]],
    ["GET", "/", [200, "text/plain; charset=utf-8", null, rootText]],
    ["OPTIONS", "/v2/", [204, null, "GET, HEAD, OPTIONS", ""]],
    ["OPTIONS", "/v2/a/manifests/v1", [204, null, "GET, HEAD, PUT, DELETE, OPTIONS", ""]],
    ["OPTIONS", "/v2/a/blobs/uploads/", [204, null, "POST, OPTIONS", ""]],
  ])("%s %s", async (method, target, want) => {
    const response = await memoryRegistry().ask(method, target);
    expect(await summarize(response, "content-type", "allow")).toEqual(want);
  });
});

test("GET /v2/ is 503 while the storage is not in its place; the sign of life goes on", async () => {
  const exists = () => Promise.reject(Object.assign(new Error("moved away"), { code: "ESTALE" }));
  const { ask } = memoryRegistry({ driver: answering(openMemory(), { directory: { prefixTime: exists } }) });
  const [base, root] = [await ask("GET", "/v2/"), await ask("GET", "/")];
  expect([base.status, base.headers.get("retry-after"), root.status]).toEqual([503, "10", 200]);
});

describe("GET /ca.crt", () => {
  test("hands out the certificate of the authority", async () => {
    const { ask } = memoryRegistry({ caCertificate: () => pem });
    expect(await summarize(await ask("GET", "/ca.crt"), "content-type", "content-disposition")).toEqual([
      200,
      "application/x-pem-file",
      'attachment; filename="ca.crt"',
      pem,
    ]);
  });

  test("is 404 where the certificate was not made here", async () => {
    expect(await summarize(await memoryRegistry().ask("GET", "/ca.crt"))).toEqual([404, "UNSUPPORTED"]);
  });

  test("is read for each request, as the certificate may be renewed", async () => {
    let count = 0;
    const { ask } = memoryRegistry({
      caCertificate: () => {
        count += 1;
        return `${count}`;
      },
    });
    const texts = [await (await ask("GET", "/ca.crt")).text(), await (await ask("GET", "/ca.crt")).text()];
    expect(texts).toEqual(["1", "2"]);
  });
});
