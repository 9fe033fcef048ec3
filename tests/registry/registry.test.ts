import { expect, test } from "bun:test";
import { openRegistry } from "../../src/registry/registry.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const everything = { limit: 10, after: undefined };

test("an image that was pushed is pulled, listed and deleted through the facets", async () => {
  const stock = stocked();
  const { registry } = stock;
  const digest = await pushImage(stock, "app", { tag: "1", subject: digestOf("s") });
  const referrers = await registry.referrers.list(app, {
    subject: digestOf("s"),
    artifactType: undefined,
    after: undefined,
  });
  const before = [
    await pullImage(stock, "app", tagged("1")),
    await registry.tags.list(app, everything),
    await registry.repositories.list(everything),
    referrers.items.map((item) => item.digest),
    (await registry.manifests.promise(app, { kind: "digest", digest })).digest,
    (await registry.blobs.promise(app, digestOf("layer"))).sizeBytes,
    await registry.blobs.mount(named("other"), { digest: digestOf("layer"), from: app }),
  ];
  await registry.tags.delete(app, tagged("1"));
  await registry.manifests.delete(app, digest);
  await registry.blobs.delete(app, digestOf("layer"));
  expect([
    before,
    await codeOf(registry.manifests.get(app, { kind: "digest", digest })),
    await codeOf(registry.blobs.open(app, digestOf("layer"))),
    (await registry.blobs.open(named("other"), digestOf("layer"))).sizeBytes,
    await registry.repositories.list(everything),
  ]).toEqual([
    [true, { items: ["1"], hasMore: false }, { items: ["app"], hasMore: false }, [digest], digest, 5, true],
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
    codes.push(await codeOf(openRegistry(stock.store, { rules: { urls: "any", children } }).manifests.put(app, put)));
  }
  expect(codes).toEqual(["MANIFEST_BLOB_UNKNOWN", "done"]);
});

test("uploads that were begun are given up, measured and appended to through the facet", async () => {
  const stock = stocked();
  const { uploads } = stock.registry;
  await pushBlob(stock, "app", "x");
  const target = await uploads.start(app, "sha256");
  const body = async function* () {
    yield utf8("four");
  };
  const sizes = [await uploads.append(target, { body, range: undefined }), await uploads.size(target)];
  await uploads.cancel(target);
  expect([sizes, await codeOf(uploads.size(target))]).toEqual([[4, 4], "BLOB_UPLOAD_UNKNOWN"]);
});
