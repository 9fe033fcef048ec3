// How many requests to a bucket an operation costs. A number that grows is a step that somebody has added to every request;
// those that are sent at the same time are counted one by one.
import { expect, test } from "bun:test";
import { openNotifications } from "../../src/app/notifications/open-notifications.ts";
import { createLogger } from "../../src/log/logger.ts";
import { Metrics } from "../../src/metrics/metrics.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { tidyCatalog } from "../../src/registry/catalog-entries.ts";
import { load } from "../config/written-file.ts";
import { until } from "../notifications/made-events.ts";
import { openBucket } from "../storage/s3/bucket.ts";
import { openBucketStore } from "../storage/s3/bucket-store.ts";
import { codeOf } from "./refused.ts";
import { chunk } from "./sessions.ts";
import { digestOf, named, pushBlob, pushImage, putManifest, stockedOn, tagged, utf8 } from "./stocked.ts";

const app = named("team/app");
const [one, two] = [tagged("1"), tagged("2")];

/** A registry on a bucket, and how many requests some work comes to. */
async function counted() {
  const bucket = await openBucketStore({ pageSize: 1000 });
  const stock = stockedOn(bucket.driver);
  const count = async (work: () => Promise<unknown>) => {
    bucket.engine.requests.length = 0;
    await work();
    // Marks of damage are listed every few seconds, whatever is asked.
    return bucket.engine.requests.filter(({ query }) => query.get("prefix")?.endsWith("/damaged/") !== true).length;
  };
  const repository = stock.registry.repository(app, anonymous());
  return { stock, repository, count, engine: bucket.engine, [Symbol.dispose]: () => bucket[Symbol.dispose]() };
}

/** A manifest of two blobs that are there. */
async function pushManifest(stock: Awaited<ReturnType<typeof counted>>["stock"], tag: string | undefined, note = "") {
  const describe = (text: string) => ({
    mediaType: "application/octet-stream",
    digest: digestOf(text),
    size: text.length,
  });
  const manifest = { schemaVersion: 2, config: describe("config"), layers: [describe("layer")], annotations: { note } };
  return await putManifest(stock, app, { tag, manifest });
}

test("what is read of an image", async () => {
  using bucket = await counted();
  const { stock, repository, count } = bucket;
  const digest = await pushImage(stock, app, { tag: "1" });
  await pushImage(stock, app, { tag: "2", layers: ["other"] });
  await tidyCatalog(stock.store, new Set([app]));
  await stock.registry.list({ limit: 10, after: undefined });
  const { blobs, manifests, tags, referrers } = repository;
  const subject = { subject: digest, artifactType: undefined, after: undefined };
  await referrers.list(subject);
  expect({
    manifestByTag: await count(() => manifests.get({ kind: "tag", tag: one })),
    manifestByDigest: await count(() => manifests.get({ kind: "digest", digest })),
    headOfManifest: await count(() => manifests.promise({ kind: "tag", tag: one })),
    blob: await count(() => blobs.open(digestOf("layer"))),
    headOfBlob: await count(() => blobs.promise(digestOf("layer"))),
    tags: await count(() => tags.list({ limit: 10, after: undefined })),
    catalog: await count(() => stock.registry.list({ limit: 10, after: undefined })),
    referrers: await count(() => referrers.list(subject)),
  }).toEqual({
    manifestByTag: 3,
    manifestByDigest: 2,
    headOfManifest: 5,
    blob: 2,
    headOfBlob: 3,
    tags: 1,
    catalog: 1,
    referrers: 1,
  });
});

test("a push", async () => {
  using bucket = await counted();
  const { stock, repository, count } = bucket;
  const brief = async (text: string) => {
    const body = async function* () {
      yield utf8(text);
    };
    const id = await repository.uploads.start("sha256", { isBrief: true });
    await repository.uploads.commit(id, { body, range: undefined }, digestOf(text));
  };
  const inRequests = async (first: readonly string[], last: string) => {
    const id = await repository.uploads.start("sha256");
    for (const text of first) await repository.uploads.append(id, chunk(text));
    await repository.uploads.commit(id, chunk(last), digestOf(`${first.join("")}${last}`));
    // The session ends after the answer; this waits for it, and costs a look.
    expect(await codeOf(repository.uploads.size(id))).toBe("BLOB_UPLOAD_UNKNOWN");
  };
  for (const text of ["layer", "config"]) await inRequests([], text);
  const other = stock.registry.repository(named("other"), anonymous());
  expect({
    blobInOneRequest: await count(() => brief("brief")),
    blobInTwoRequests: await count(() => inRequests([], "two")),
    blobInThreeRequests: await count(() => inRequests(["three"], "")),
    mount: await count(() => other.blobs.mount({ digest: digestOf("layer"), from: app })),
    manifest: await count(() => pushManifest(stock, undefined)),
    manifestWithTag: await count(() => pushManifest(stock, two, "new")),
    manifestOfMovedTag: await count(() => pushManifest(stock, two, "newer")),
  }).toEqual({
    blobInOneRequest: 6,
    blobInTwoRequests: 9 + 1,
    blobInThreeRequests: 13 + 1,
    mount: 7,
    manifest: 18,
    manifestWithTag: 24,
    manifestOfMovedTag: 26,
  });
});

test("a deletion", async () => {
  using bucket = await counted();
  const { stock, repository, count } = bucket;
  const digest = await pushImage(stock, app, { tag: "1" });
  await pushImage(stock, app, { tag: "2" });
  expect({
    tag: await count(() => repository.tags.delete(two)),
    manifest: await count(() => repository.manifests.delete(digest)),
    blob: await count(() => repository.blobs.delete(digestOf("layer"))),
  }).toEqual({ tag: 7, manifest: 13, blob: 4 });
});

test("what webhooks add to a push, and only if there are some", async () => {
  using bucket = await counted();
  const { stock, engine, count } = bucket;
  for (const text of ["layer", "config"]) await pushBlob(stock, app, text);
  const pushing = async (endpoints: string) => {
    const { configuration } = await load({ text: `version: 0.1\nnotifications: {endpoints: [${endpoints}]}\n` });
    const logger = createLogger({ level: "error", format: "text", write: () => undefined, now: Date.now });
    const { objects: secrets } = openBucket({ engine });
    const means = { store: stock.store, dataDirectory: "/absent", secrets, logger, metrics: new Metrics() };
    const { wrap, stop } = openNotifications(configuration, { ...means, instanceId: "i" });
    const hasLooked = () => engine.requests.some(({ query }) => query.get("prefix") === "notifications/");
    if (endpoints !== "") await until("what others left is looked for", hasLooked);
    const told = { ...stock, registry: wrap(stock.registry) };
    const requests = () => engine.requests.filter(({ key }) => key.startsWith("notifications/")).length;
    const push = async (tag: string) => void (await pushManifest(told, tagged(tag), `${tag} ${endpoints}`));
    const one = [await count(() => push("1")), requests()];
    const many = ["2", "3", "4", "5", "6", "7", "8", "9"];
    await count(() => Promise.all(many.map(push)));
    const together = requests();
    await stop(0);
    return { one, together };
  };
  const none = await pushing("");
  // Nobody listens there, so every event waits. The tag is moved, which is two requests more.
  const some = await pushing("{name: ci, url: 'http://127.0.0.1:1/', backoff: 1h, threshold: 1}");
  expect([none, some.one]).toEqual([{ one: [24, 0], together: 0 }, [26 + 1, 1]]);
  // Those that come while one is sent go together with the next.
  expect(some.together).toBeLessThanOrEqual(8);
});
