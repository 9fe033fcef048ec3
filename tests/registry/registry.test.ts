import { expect, test } from "bun:test";
import { anonymous } from "../../src/registry/actor.ts";
import { openRegistry } from "../../src/registry/registry.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const everything = { limit: 10, after: undefined };

test("an image that was pushed is pulled, listed and deleted through its repository", async () => {
  const stock = stocked();
  const { registry } = stock;
  const digest = await pushImage(stock, "app", { tag: "1", subject: digestOf("s") });
  const referrers = await registry.repository(app, anonymous()).referrers.list({
    subject: digestOf("s"),
    artifactType: undefined,
    after: undefined,
  });
  const before = [
    await pullImage(stock, "app", tagged("1")),
    await registry.repository(app, anonymous()).tags.list(everything),
    await registry.list(everything),
    referrers.items.map((item) => item.digest),
    (await registry.repository(app, anonymous()).manifests.promise({ kind: "digest", digest })).digest,
    (await registry.repository(app, anonymous()).blobs.promise(digestOf("layer"))).sizeBytes,
    await registry.repository(named("other"), anonymous()).blobs.mount({ digest: digestOf("layer"), from: app }),
  ];
  await registry.repository(app, anonymous()).tags.delete(tagged("1"));
  await registry.repository(app, anonymous()).manifests.delete(digest);
  await registry.repository(app, anonymous()).blobs.delete(digestOf("layer"));
  expect([
    before,
    await codeOf(registry.repository(app, anonymous()).manifests.get({ kind: "digest", digest })),
    await codeOf(registry.repository(app, anonymous()).blobs.open(digestOf("layer"))),
    (await registry.repository(named("other"), anonymous()).blobs.open(digestOf("layer"))).sizeBytes,
    await registry.list(everything),
  ]).toEqual([
    [
      true,
      { items: ["1"], hasMore: false },
      { items: ["app"], hasMore: false },
      [digest],
      digest,
      5,
      { digest: digestOf("layer"), sizeBytes: 5, isNew: true },
    ],
    "MANIFEST_UNKNOWN",
    "BLOB_UNKNOWN",
    5,
    { items: [], hasMore: false },
  ] as never);
});

test("the rules for manifests are those that it was opened with", async () => {
  const stock = stocked();
  const manifests = [{ mediaType: "application/vnd.oci.image.manifest.v1+json", digest: digestOf("x"), size: 1 }];
  const bytes = utf8(JSON.stringify({ schemaVersion: 2, manifests }));
  const put = { bytes, contentType: undefined, digest: undefined, tags: [] };
  const codes = [];
  for (const children of ["all", "none"] as const) {
    codes.push(
      await codeOf(
        openRegistry(stock.store, { rules: { urls: "any", children } })
          .repository(app, anonymous())
          .manifests.put(put),
      ),
    );
  }
  expect(codes).toEqual(["MANIFEST_BLOB_UNKNOWN", "done"]);
});

test("uploads that were begun are given up, measured and appended to through the repository", async () => {
  const stock = stocked();
  const { uploads } = stock.registry.repository(app, anonymous());
  await pushBlob(stock, "app", "x");
  const id = await uploads.start("sha256");
  const body = async function* () {
    yield utf8("four");
  };
  const sizes = [await uploads.append(id, { body, range: undefined }), await uploads.size(id)];
  await uploads.cancel(id);
  expect([sizes, await codeOf(uploads.size(id))]).toEqual([[4, 4], "BLOB_UPLOAD_UNKNOWN"]);
});

test("a session belongs to whoever began it, where sessions have owners", async () => {
  const stock = stocked();
  const registry = openRegistry(stock.store, { rules: { urls: "any", children: "all" }, hasOwners: () => true });
  const of = (name: string) => registry.repository(app, { name, requestId: undefined }).uploads;
  const id = await of("alice").start("sha256");
  const body = async function* () {
    yield utf8("x");
  };
  const chunk = { body, range: undefined };
  const byBob = [
    of("bob").size(id),
    of("bob").append(id, chunk),
    of("bob").commit(id, chunk, digestOf("x")),
    of("bob").cancel(id),
  ];
  expect(await Promise.all(byBob.map((attempt: Promise<unknown>) => codeOf(attempt)))).toEqual(
    Array(4).fill("BLOB_UPLOAD_UNKNOWN"),
  );
  expect(await of("alice").commit(id, chunk, digestOf("x"))).toMatchObject({ isNew: true });
  const older = await stock.registry.repository(app, anonymous()).uploads.start("sha256");
  expect(await of("bob").size(older)).toBe(0);
});
