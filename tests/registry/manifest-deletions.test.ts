// What was done comes back as a value: enough for an event or a line of the audit log.
import { expect, test } from "bun:test";
import { anonymous } from "../../src/registry/actor.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pushBlob, pushImage, type Stocked, stocked, tagged } from "./stocked.ts";

const mediaType = "application/vnd.oci.image.manifest.v1+json";
const app = (stock: Stocked) => stock.registry.repository(named("app"), anonymous());

test("deleting a manifest tells what it was, and the tags that went with it", async () => {
  const stock = stocked();
  const subject = digestOf("subject");
  const digest = await pushImage(stock, "app", { tag: "1", subject });
  await pushImage(stock, "app", { tag: "2", subject });
  const deleted = await app(stock).manifests.delete(digest);
  expect(deleted).toMatchObject({ digest, facts: { mediaType, subject }, tags: ["1", "2"] });
  expect(await codeOf(app(stock).manifests.delete(digest))).toBe("MANIFEST_UNKNOWN");
});

test("deleting a tag tells what it pointed to", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "1" });
  expect(await app(stock).tags.delete(tagged("1"))).toEqual({ tag: tagged("1"), digest });
  expect(await codeOf(app(stock).tags.delete(tagged("1")))).toBe("MANIFEST_UNKNOWN");
});

test("a push tells what its tags pointed to, and whether the manifest is new", async () => {
  const stock = stocked();
  const first = await pushImage(stock, "app", { tag: "1", layers: ["one"] });
  const second = await pushImage(stock, "app", { layers: ["two"] });
  const { manifests } = app(stock);
  const { bytes } = await manifests.get({ kind: "digest", digest: second });
  const put = { bytes, contentType: undefined, digest: undefined, tags: [tagged("1")] };
  const [moved, repeated] = [await manifests.put(put), await manifests.put(put)];
  expect([moved, repeated]).toMatchObject([
    { digest: second, mediaType, tags: [{ tag: "1", previous: first }], isNew: false },
    { tags: [{ tag: "1", previous: second }], isNew: false },
  ]);
});

test("a blob that was pushed, mounted or deleted is told with its size, and whether it is new", async () => {
  const stock = stocked();
  const digest = await pushBlob(stock, "app", "x");
  const { uploads, blobs } = stock.registry.repository(named("other"), anonymous());
  const body = async function* () {
    yield new TextEncoder().encode("y");
  };
  const whole = { body, range: undefined };
  expect([
    await blobs.mount({ digest, from: named("app") }),
    await uploads.commit(await uploads.start("sha256"), whole, digestOf("y")),
    await uploads.commit(await uploads.start("sha256"), whole, digestOf("y")),
    await blobs.delete(digest),
  ]).toEqual<unknown[]>([
    { digest, sizeBytes: 1, isNew: true },
    { digest: digestOf("y"), sizeBytes: 1, isNew: true },
    { digest: digestOf("y"), sizeBytes: 1, isNew: false },
    { digest },
  ]);
});
