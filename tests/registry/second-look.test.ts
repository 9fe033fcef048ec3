// Where adding and taking away do not wait for each other: what a push relies on is looked for once more when it is linked,
// and nothing is promised that may still go.
import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import {
  blobKey,
  catalogKey,
  layerLink,
  referrerLink,
  revisionLink,
  tagCurrentLink,
} from "../../src/registry/layout.ts";
import { deleteTag } from "../../src/registry/manifest-deletions.ts";
import { putManifest } from "../../src/registry/manifest-push.ts";
import { openRegistry } from "../../src/registry/registry.ts";
import type { Store } from "../../src/registry/store.ts";
import { isTag, readTag } from "../../src/registry/tags.ts";
import type { Adding, Found, PatienceOptions } from "../../src/storage/changes.ts";
import type { Key } from "../../src/storage/ports.ts";
import { openBucketStore } from "../storage/s3/bucket-store.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pushBlob, pushImage, type Stock, stockedOn, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const tag = tagged("1");
const rules = { urls: "any", children: "all" } as const;

/** What a test says of what somebody relies on; undefined: the truth. */
interface Sights {
  readonly stands?: (keys: readonly Key[], look: number) => boolean | undefined | Promise<undefined>;
  readonly find?: (content: Key, look: number) => Found | "as it is";
}

/** A store whose looks are told, and may be answered by the test. */
function seen(store: Store, sights: Sights = {}): { readonly store: Store; readonly looks: string[] } {
  const looks: string[] = [];
  let [stands, finds] = [0, 0];
  const watch = (adding: Adding): Adding => ({
    stands: async (keys, options) => {
      stands += 1;
      looks.push(`stands ${describeLook(keys, options)}`);
      return (await sights.stands?.(keys, stands)) ?? (await adding.stands(keys));
    },
    find: async (contents, options) => {
      finds += 1;
      looks.push(`find ${describeLook(contents, options)}`);
      const found = await adding.find(contents);
      return contents.map((content, index) => {
        const told = sights.find === undefined ? "as it is" : sights.find(content, finds);
        return told === "as it is" ? found[index] : told;
      });
    },
    put: (...asked) => adding.put(...asked),
    replace: (...asked) => adding.replace(...asked),
    [Symbol.asyncDispose]: () => adding[Symbol.asyncDispose](),
  });
  const { changes } = store;
  const watched = {
    isExclusive: changes.isExclusive,
    freshMs: 0,
    keepsProcessesApart: () => changes.keepsProcessesApart(),
    removing: changes.removing.bind(changes),
    hold: changes.hold.bind(changes),
    recover: changes.recover.bind(changes),
    adding: async (...asked: Parameters<typeof changes.adding>) => {
      const adding = await changes.adding(...asked);
      return adding && watch(adding);
    },
  };
  return { store: { ...store, changes: watched }, looks };
}

function describeLook(keys: readonly Key[], { waitMs = 0 }: PatienceOptions = {}): string {
  return `${keys.map((key) => key.replace(/^.*\/v2\//, "")).join(" ")} ${waitMs}`;
}

const short = (key: Key) => key.replace(/^.*\/v2\//, "");

/** A bucket with the blobs of an image. */
async function stockedBucket() {
  const bucket = await openBucketStore({ pageSize: 1000 });
  const stock = stockedOn(bucket.driver);
  for (const text of ["config", "layer"]) await pushBlob(stock, "app", text);
  return { bucket, stock, [Symbol.dispose]: () => bucket[Symbol.dispose]() };
}

function describeBlob(text: string) {
  return { mediaType: "application/octet-stream", digest: digestOf(text), size: text.length };
}

function imageOf({ subject }: { readonly subject?: Digest } = {}) {
  const about =
    subject === undefined ? {} : { subject: { mediaType: "application/octet-stream", digest: subject, size: 1 } };
  const text = JSON.stringify({
    schemaVersion: 2,
    config: describeBlob("config"),
    layers: [describeBlob("layer")],
    ...about,
  });
  return { bytes: utf8(text), digest: digestOf(text), contentType: undefined };
}

const push = (store: Store, image = imageOf()) => putManifest(store, app, { put: { ...image, tags: [tag] }, rules });

describe("a push of a manifest", () => {
  test("looks along the chain: for links once the revision is written, then for what they hold, then for what its tags need", async () => {
    using setup = await stockedBucket();
    const { store, looks } = seen(setup.stock.store);
    const subject = digestOf("subject");
    const image = imageOf({ subject });
    await push(store, image);
    const links = [revisionLink(app, image.digest), referrerLink(app, subject, image.digest), catalogKey("app")];
    const named = [digestOf("config"), digestOf("layer")];
    expect(looks).toEqual([
      `stands ${[...links, ...named.map((digest) => layerLink(app, digest))].map(short).join(" ")} 10000`,
      `find ${[image.digest, ...named].map(blobKey).map(short).join(" ")} 10000`,
      `stands ${[revisionLink(app, image.digest), tagCurrentLink(app, tag)].map(short).join(" ")} 10000`,
    ]);
  });

  test.each<[string, Sights, boolean]>([
    ["a link goes", { stands: (_keys, look) => (look === 1 ? false : undefined) }, false],
    ["a blob may go", { find: (key) => (key === blobKey(digestOf("layer")) ? "noticed" : "as it is") }, false],
    ["a blob is gone", { find: (key) => (key === blobKey(digestOf("config")) ? undefined : "as it is") }, false],
    ["its own bytes may go", { find: (key) => (key === blobKey(imageOf().digest) ? "noticed" : "as it is") }, false],
    ["its bytes go each time", { find: (key) => (key === blobKey(imageOf().digest) ? undefined : "as it is") }, false],
    ["it is deleted before its tag counts", { stands: (_keys, look) => (look === 2 ? false : undefined) }, true],
  ])("is refused, to be tried again, if %s", async (_what, sights, isTagged) => {
    using setup = await stockedBucket();
    const { store } = seen(setup.stock.store, sights);
    const refusal = await push(store).then(
      () => undefined,
      (error) => [error.code, error.refusal.retryAfterSeconds],
    );
    expect([refusal, (await readTag(store, app, tag)) !== undefined]).toEqual([["UNAVAILABLE", 1], isTagged]);
  });

  test("puts its bytes again if they went before it was linked", async () => {
    using setup = await stockedBucket();
    const own = blobKey(imageOf().digest);
    let isGone = false;
    const { store, looks } = seen(setup.stock.store, {
      stands: async () => {
        // By a collection that knew nothing of it.
        if (!isGone) isGone = await setup.stock.store.objects.delete(own);
        return undefined;
      },
    });
    await push(store);
    expect([await store.objects.stat(own), looks.filter((look) => look.startsWith("find")).length]).toMatchObject([
      { sizeBytes: imageOf().bytes.length },
      2,
    ]);
  });
});

describe("a blob", () => {
  const noticed: Sights = { find: () => "noticed" };

  test("that may still go is no blob for HEAD and a mount: the client uploads it", async () => {
    using setup = await stockedBucket();
    const registry = openRegistry(seen(setup.stock.store, noticed).store, { rules });
    const blobs = (name: string) => registry.repository(named(name), anonymous()).blobs;
    expect([
      await codeOf(blobs("app").promise(digestOf("layer"))),
      await blobs("other").mount({ digest: digestOf("layer"), from: app }),
    ]).toEqual(["BLOB_UNKNOWN", undefined]);
  });

  test.each([
    ["its bytes", noticed],
    ["its link", { stands: () => false }],
  ])("that was uploaded is waited for, and then to be pushed again, if %s may go", async (_what, sights) => {
    using setup = await stockedBucket();
    const { store, looks } = seen(setup.stock.store, sights);
    const stock: Stock = { ...setup.stock, store, registry: openRegistry(store, { rules }) };
    expect(await codeOf(pushBlob(stock, "app", "new"))).toBe("UNAVAILABLE");
    expect(looks.every((look) => look.endsWith(" 10000"))).toBe(true);
  });
});

describe("a tag", () => {
  test("that is immutable gets one manifest of two that are pushed at once", async () => {
    using setup = await stockedBucket();
    const other = stockedOn(setup.bucket.other);
    await pushBlob(setup.stock, "app", "other");
    const isImmutable = () => true;
    const text = JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: "a/b", digest: digestOf("other"), size: 5 },
      layers: [],
    });
    const images = [imageOf(), { bytes: utf8(text), digest: digestOf(text), contentType: undefined }];
    const outcomes = await Promise.all(
      [setup.stock.store, other.store].map((store, index) =>
        codeOf(putManifest(store, app, { put: { ...(images[index] ?? imageOf()), tags: [tag] }, rules, isImmutable })),
      ),
    );
    const winner = outcomes.indexOf("done");
    expect([outcomes.filter((outcome) => outcome === "done").length, await readTag(other.store, app, tag)]).toEqual([
      1,
      images[winner]?.digest as Digest,
    ]);
    const again = codeOf(
      putManifest(other.store, app, { put: { ...(images[1 - winner] ?? imageOf()), tags: [tag] }, rules, isImmutable }),
    );
    expect(await again).toBe("DENIED");
  });

  test("that was removed is none, and may be pushed anew", async () => {
    using setup = await stockedBucket();
    const { store } = setup.stock;
    await push(store);
    await deleteTag(store, app, { tag });
    const gone = [await isTag(store, app, tag), await codeOf(deleteTag(store, app, { tag }))];
    await push(store);
    expect([gone, await isTag(store, app, tag)]).toEqual([[false, "MANIFEST_UNKNOWN"], true]);
  });

  test("goes before its manifest does, which is announced first", async () => {
    using setup = await stockedBucket();
    const digest = await pushImage(setup.stock, "app", { tag: "1" });
    const { requests } = setup.bucket.engine;
    requests.length = 0;
    await setup.stock.registry.repository(app, anonymous()).manifests.delete(digest);
    const steps = requests.filter(({ method }) => method === "PUT" || method === "DELETE");
    expect(steps.map(({ method, key }) => `${method} ${key.replace(/[0-9a-f-]{36}$/, "id")}`)).toEqual([
      expect.stringMatching(/^PUT notices\/r-[0-9a-f]{16}\/60-id$/),
      `PUT ${tagCurrentLink(app, tag)}`,
      expect.stringContaining("/_deleted/"),
      `DELETE ${revisionLink(app, digest)}`,
      expect.stringMatching(/^DELETE notices\//),
    ]);
  });
});

test("a deletion of many manifests announces a part of them at a time, and only what it announced goes", async () => {
  using setup = await stockedBucket();
  const { registry, store } = setup.stock;
  // As they lie there: pushing them takes longer than the rest.
  const digests = await Promise.all(
    Array.from({ length: 102 }, async (_, index) => {
      const text = JSON.stringify({
        schemaVersion: 2,
        config: describeBlob("config"),
        layers: [],
        annotations: { index },
      });
      const digest = digestOf(text);
      await store.objects.put(blobKey(digest), utf8(text));
      await store.objects.put(revisionLink(app, digest), utf8(digest));
      return digest;
    }),
  );
  const { deletions } = registry.repository(app, anonymous());
  const selection = { tags: [], digests, isEverything: false };
  const plan = await deletions.plan({ selection });
  const { requests } = setup.bucket.engine;
  requests.length = 0;
  const { manifests } = await deletions.carryOut({
    order: { tags: [], manifests: plan.manifests.map(({ digest }) => digest) },
  });
  const notices = requests.filter(({ method, key }) => method === "PUT" && key.startsWith("notices/"));
  const announced = notices.map(({ body }) => new TextDecoder().decode(body).split("\n").length);
  const left = await Promise.all(digests.map((digest) => store.objects.stat(revisionLink(app, digest))));
  expect([manifests.length, announced[0], left.filter((stat) => stat !== undefined)]).toEqual([102, 100, []]);
  expect(announced.every((count) => count <= 100)).toBe(true);
});
