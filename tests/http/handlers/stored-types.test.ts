// Manifests that lie in the store with types that nobody could push here.
import { expect, test } from "bun:test";
import { type Digest, parseDigest } from "../../../src/oci/digest.ts";
import type { RepositoryName } from "../../../src/oci/name.ts";
import type { Tag } from "../../../src/oci/reference.ts";
import { storeManifest } from "../../../src/registry/manifest-push.ts";
import type { Store } from "../../../src/registry/store.ts";
import { withAdding } from "../../../src/registry/store.ts";
import { digestOf, imageOf, memoryRegistry, summarize, utf8 } from "../memory-registry.ts";

test.each([
  "text/html",
  "image/svg+xml",
  "application/xhtml+xml",
  "application/json\r\nX-Injected: yes",
  "application/\u0000json",
  "application/😀",
  `application/${"x".repeat(1_000_000)}`,
])("one that another registry stored with the type %p is a file that nobody runs", async (mediaType) => {
  const memory = memoryRegistry();
  const text = imageOf("config", { mediaType });
  const digest = parseDigest(digestOf(text)) as Digest;
  const name = "a" as RepositoryName;
  const tags = ["v1" as Tag];
  const store: Store = { ...memory.driver, now: Date.now, uuid: () => "" };
  await withAdding(store, name, (adding) =>
    storeManifest(store, name, { adding, bytes: utf8(text), digest, subject: undefined, tags }),
  );
  for (const method of ["GET", "HEAD"]) {
    const response = await memory.ask(method, "/v2/a/manifests/v1");
    const names = ["content-type", "content-disposition", "x-content-type-options", "x-injected"];
    expect(await summarize(response, ...names)).toEqual([
      200,
      "application/octet-stream",
      "attachment",
      "nosniff",
      null,
      method === "GET" ? text : "",
    ]);
  }
});
