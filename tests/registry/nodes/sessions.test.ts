// Upload sessions that go from node to node, as clients behind a proxy without sticky sessions have them.
import { describe, expect, test } from "bun:test";
import { parseDigest } from "../../../src/oci/digest.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { purgeUploads } from "../../../src/registry/upload-purge.ts";
import { openBucketStore } from "../../storage/s3/bucket-store.ts";
import { codeOf } from "../refused.ts";
import { chunk, nothing } from "../sessions.ts";
import { digestOf, named, stockedOn, utf8 } from "../stocked.ts";

const app = named("team/app");
const hourMs = 3_600_000;

/** Two nodes, and the session's repository as each has it. */
async function nodes() {
  const store = await openBucketStore();
  const [one, two] = [store.driver, store.other].map((driver) => stockedOn(driver));
  if (one === undefined || two === undefined) throw new Error("no nodes");
  const repositoryOf = ({ registry }: typeof one) => registry.repository(app, anonymous());
  return { store, one: repositoryOf(one), two: repositoryOf(two), [Symbol.dispose]: () => store[Symbol.dispose]() };
}

/** Reads of what an upload has brought, as for a hash that nobody knows. */
function readsIn({ store: { engine } }: Awaited<ReturnType<typeof nodes>>): number {
  return engine.requests.filter(({ method, key }) => method === "GET" && /\/data-[^/]+$/.test(key)).length;
}

describe("a session", () => {
  test("is begun on one node, filled on another, and closed on the first, who need not read it", async () => {
    using both = await nodes();
    const { one, two, store } = both;
    const id = await one.uploads.start("sha256");
    const sizes = [await two.uploads.append(id, chunk("all of it")), await one.uploads.size(id)];
    const added = await one.uploads.commit(id, nothing, digestOf("all of it"));
    await codeOf(one.uploads.size(id));
    const left = store.engine.keys().filter((key) => key.includes("/_uploads/"));
    expect([sizes, added.sizeBytes, readsIn(both), left]).toEqual([[9, 9], 9, 0, []]);
  });

  test("whose chunks went to several nodes is read once", async () => {
    using both = await nodes();
    const { one, two } = both;
    const id = await one.uploads.start("sha256");
    await two.uploads.append(id, chunk("one "));
    await one.uploads.append(id, chunk("two "));
    await two.uploads.commit(id, chunk("three"), digestOf("one two three"));
    const content = await one.blobs.open(digestOf("one two three"));
    expect([content.sizeBytes, readsIn(both)]).toEqual([13, 1]);
  });

  test("with a digest of another algorithm than was announced is read, too", async () => {
    using both = await nodes();
    const { one, two } = both;
    const id = await one.uploads.start("sha256");
    await two.uploads.append(id, chunk("x"));
    const digest = parseDigest(`sha512:${new Bun.CryptoHasher("sha512").update("x").digest("hex")}`);
    if (digest === undefined) throw new Error("no digest");
    const added = await one.uploads.commit(id, nothing, digest);
    expect([added.digest, readsIn(both)]).toEqual([digest, 1]);
  });

  test("that two nodes are given chunks for at once has one of them, and the other is told", async () => {
    using both = await nodes();
    const { one, two } = both;
    const id = await one.uploads.start("sha256");
    // Both hold it before either of them goes on.
    const met = Promise.withResolvers<void>();
    let holders = 0;
    const body = async function* () {
      holders += 1;
      if (holders === 2) met.resolve();
      await met.promise;
      yield utf8("abc");
    };
    const answers = await Promise.all(
      [one, two].map((node) => codeOf(node.uploads.append(id, { body, range: undefined }))),
    );
    const sizeBytes = await one.uploads.size(id);
    expect([answers.toSorted(), sizeBytes]).toEqual([["UPLOAD_BUSY", "done"], 3]);
  });

  test("with a wrong digest is gone on every node, and no blob is there", async () => {
    using both = await nodes();
    const { one, two, store } = both;
    const id = await one.uploads.start("sha256");
    await one.uploads.append(id, chunk("x"));
    const code = await codeOf(two.uploads.commit(id, chunk("y"), digestOf("z")));
    expect([code, await codeOf(one.uploads.size(id)), store.engine.keys()]).toEqual([
      "DIGEST_INVALID",
      "BLOB_UPLOAD_UNKNOWN",
      [],
    ]);
  });

  test("that is given up on another node is gone", async () => {
    using both = await nodes();
    const { one, two, store } = both;
    const id = await one.uploads.start("sha256");
    await one.uploads.append(id, chunk("x"));
    await two.uploads.cancel(id);
    expect([await codeOf(one.uploads.append(id, chunk("y"))), store.engine.keys()]).toEqual([
      "BLOB_UPLOAD_UNKNOWN",
      [],
    ]);
  });

  test("whose end fails has been answered, is answered again, and is purged by age", async () => {
    using both = await nodes();
    const { one, two, store } = both;
    const id = await one.uploads.start("sha256");
    await two.uploads.append(id, chunk("x"));
    const isEnd = ({ method, key }: { readonly method: string; readonly key: string }) =>
      method === "DELETE" && key.includes("/_uploads/");
    store.engine.fault = (request) =>
      isEnd(request) ? { kind: "refused", status: 403, code: "AccessDenied" } : undefined;
    const added = await one.uploads.commit(id, nothing, digestOf("x"));
    const here = await one.uploads.size(id);
    const again = await two.uploads.commit(id, nothing, digestOf("x"));
    const there = await two.uploads.size(id);
    store.engine.fault = () => undefined;
    const later = stockedOn(store.driver, () => Date.now() + 2 * hourMs);
    const purged = await purgeUploads(later.store, hourMs);
    const left = store.engine.keys().filter((key) => key.includes("/_uploads/"));
    expect([added.sizeBytes, here, again.sizeBytes, there, purged.sessions, left]).toEqual([1, 1, 1, 1, 1, []]);
  });

  test("whose last answer was lost is answered again, by any node", async () => {
    using both = await nodes();
    const { one, two } = both;
    const id = await one.uploads.start("sha256");
    await one.uploads.commit(id, chunk("x"), digestOf("x"));
    const ended = await codeOf(one.uploads.size(id));
    expect(ended).toBe("BLOB_UPLOAD_UNKNOWN");
    expect((await two.uploads.commit(id, nothing, digestOf("x"))).sizeBytes).toBe(1);
  });
});
