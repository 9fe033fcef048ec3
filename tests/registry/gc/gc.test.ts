import { describe, expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { collectGarbage, UnprotectedError } from "../../../src/registry/gc/gc.ts";
import { blobKey, manifestsPrefix, revisionLink, tagCurrentLink } from "../../../src/registry/layout.ts";
import { trashNameOf } from "../../../src/storage/trash-names.ts";
import { answering } from "../../storage/intercepted.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, pushIndex, stocked, tagged, utf8 } from "../stocked.ts";
import { collect, collectTwice, graceMs, hasBlob } from "./collected.ts";

const app = named("app");

test("an empty store is success", async () => {
  const { summary, removals } = await collect(stocked());
  expect({ ...summary, removals }).toMatchObject({ repositories: 0, condemned: 0, findings: 0, removals: [] });
});

test("where nothing keeps processes apart it refuses, unless nobody else is there or it only looks", async () => {
  const stock = stocked((driver) => answering(driver, { locks: { keepsProcessesApart: () => false } }));
  await pushBlob(stock, "app", "lonely");
  const options = { graceMs: 0 };
  expect(collect(stock, options)).rejects.toThrow(UnprotectedError);
  expect((await collect(stock, { ...options, isDryRun: true })).summary).toMatchObject({ condemned: 1 });
  expect((await collect(stock, { ...options, isOffline: true })).summary).toMatchObject({ trashed: 1 });
});

test("what a tag leads to stays, however old", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1", layers: ["a", "b"] });
  const first = await pushImage(stock, "app", { layers: ["x"] });
  const second = await pushImage(stock, "app", { layers: ["y"] });
  const inner = await pushIndex(stock, "app", { children: [first] });
  await pushIndex(stock, "app", { tag: "multi", children: [inner, second] });
  const summary = await collectTwice(stock, { deletesUntagged: true });
  expect(summary).toMatchObject({ revisions: 0, layerLinks: 0, condemned: 0, findings: 0 });
  expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
  expect(await pullImage(stock, "app", tagged("multi"))).toBe(true);
});

test("a blob goes after the grace: its link and the bytes out of sight first, the bytes for good a grace later", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  const lonely = await pushBlob(stock, "app", "lonely");
  stock.wait(graceMs - 1);
  expect((await collect(stock)).removals).toEqual([]);
  stock.wait(1);
  const { removals, summary } = await collect(stock);
  expect(removals).toEqual([
    ["layer link", lonely],
    ["blob", lonely],
  ]);
  expect(summary).toMatchObject({ layerLinks: 1, condemned: 1, trashed: 1, purged: 0, freedBytes: 0 });
  expect(await hasBlob(stock, lonely)).toBe(false);
  stock.wait(graceMs - 1);
  expect((await collect(stock)).summary).toMatchObject({ purged: 0 });
  stock.wait(1);
  expect((await collect(stock)).summary).toMatchObject({ purged: 1, freedBytes: 6 });
  expect(await stock.store.trash.list("blobs")).toEqual([]);
});

test("with a grace of nothing two runs at once free the space", async () => {
  const stock = stocked();
  await pushBlob(stock, "app", "lonely");
  const options = { graceMs: 0 };
  expect((await collect(stock, options)).summary).toMatchObject({ trashed: 1, purged: 0 });
  expect((await collect(stock, options)).summary).toMatchObject({ trashed: 0, purged: 1 });
  expect((await stock.store.directory.prefixTime("docker/registry/v2/repositories/app")) !== undefined).toBe(false);
});

test("a layer that several repositories link stays while one of them does", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1", layers: ["shared"] });
  await pushImage(stock, "other", { tag: "1", layers: ["shared"] });
  await stock.registry.repository(named("other"), anonymous()).tags.delete(tagged("1"));
  expect(await collectTwice(stock, { deletesUntagged: true })).toMatchObject({ findings: 0 });
  expect((await stock.store.directory.prefixTime("docker/registry/v2/repositories/other")) !== undefined).toBe(false);
  expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
});

test("a mounted blob stays though the source repository is gone", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1", layers: ["shared"] });
  for (const text of ["shared", "config"])
    await stock.registry.repository(named("copy"), anonymous()).blobs.mount({ digest: digestOf(text), from: app });
  await pushImage(stock, "copy", { tag: "1", layers: ["shared"] });
  await stock.registry.repository(app, anonymous()).tags.delete(tagged("1"));
  await collectTwice(stock, { deletesUntagged: true });
  expect(await pullImage(stock, "copy", tagged("1"))).toBe(true);
});

describe("untagged manifests", () => {
  test("stay unless they are to be deleted", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app");
    await collectTwice(stock);
    expect(await pullImage(stock, "app", digest)).toBe(true);
    expect(await collectTwice(stock, { deletesUntagged: true })).toMatchObject({ purged: 3 });
    expect((await stock.store.directory.prefixTime(manifestsPrefix(app))) !== undefined).toBe(false);
  });

  test("younger than the grace are roots, since children are pushed before their index", async () => {
    const stock = stocked();
    const child = await pushImage(stock, "app", { layers: ["x"] });
    stock.wait(graceMs - 1);
    expect((await collect(stock, { deletesUntagged: true })).removals).toEqual([]);
    await pushIndex(stock, "app", { tag: "multi", children: [child] });
    await collectTwice(stock, { deletesUntagged: true });
    expect(await pullImage(stock, "app", tagged("multi"))).toBe(true);
  });

  test("that refer to a kept subject stay, whatever refers to them too; those of a subject that goes, go", async () => {
    const stock = stocked();
    const kept = await pushImage(stock, "app", { tag: "1", layers: ["a"] });
    const gone = await pushImage(stock, "app", { layers: ["b"] });
    const signature = await pushImage(stock, "app", { layers: ["signature"], subject: kept });
    const countersignature = await pushImage(stock, "app", { layers: ["counter"], subject: signature });
    const orphan = await pushImage(stock, "app", { layers: ["orphan"], subject: gone });
    stock.wait(graceMs);
    const { removals } = await collect(stock, { deletesUntagged: true });
    const revisions = removals.flatMap(([what, subject]) => (what === "revision" ? [subject] : []));
    expect(new Set<string>(revisions)).toEqual(new Set<string>([gone, orphan]));
    for (const digest of [signature, countersignature]) expect(await pullImage(stock, "app", digest)).toBe(true);
    const request = { subject: kept, artifactType: undefined, after: undefined };
    const { items } = await stock.registry.repository(app, anonymous()).referrers.list(request);
    expect(items.map(({ digest }) => digest)).toEqual([signature]);
  });

  test("lose their entries in the tag index with them", async () => {
    const stock = stocked();
    const old = await pushImage(stock, "app", { tag: "1", layers: ["old"] });
    await pushImage(stock, "app", { tag: "1", layers: ["new"] });
    await collectTwice(stock, { deletesUntagged: true });
    const index = await stock.store.objects.list("docker/registry/v2/repositories/app/_manifests/tags/1/index/sha256");
    expect(index).toHaveLength(1);
    expect(await stock.store.objects.stat(revisionLink(app, old))).toBeUndefined();
    expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
  });

  test("that a tag left begin their grace when it leaves them", async () => {
    const stock = stocked();
    const old = await pushImage(stock, "app", { tag: "1", layers: ["old"] });
    stock.wait(graceMs);
    await pushImage(stock, "app", { tag: "1", layers: ["new"] });
    stock.wait(graceMs - 1);
    await collect(stock, { deletesUntagged: true });
    expect(await pullImage(stock, "app", old)).toBe(true);
  });
});

test("leftovers go: links of manifests that were deleted, tag directories of killed pushes, empty repositories", async () => {
  const stock = stocked();
  const driver = stock.store;
  const image = await pushImage(stock, "app", { tag: "1", layers: ["gone"] });
  await stock.registry.repository(app, anonymous()).manifests.delete(image);
  await pushImage(stock, "stays", { tag: "1" });
  await driver.objects.put("docker/registry/v2/repositories/stays/_manifests/tags/2/index/sha256/00/link", utf8(image));
  await driver.directory.makePrefix("docker/registry/v2/repositories/stays/_layers/sha256/00");
  await driver.directory.makePrefix(manifestsPrefix(named("left/behind")));
  stock.wait(graceMs);
  const { removals } = await collect(stock);
  expect(removals.map(([what]) => String(what)).toSorted()).toEqual(
    ["layer link", "layer link", "repository", "repository", "tag directory", "directory", "blob", "blob"].toSorted(),
  );
  expect(await driver.objects.list("docker/registry/v2/repositories")).toEqual(["stays"]);
  expect(await driver.objects.list("docker/registry/v2/repositories/stays/_manifests/tags")).toEqual(["1"]);
  expect(await driver.objects.list("docker/registry/v2/repositories/stays/_layers/sha256")).not.toContain("00");
});

test("directories of no repository go when they are past the grace; a dry run names them, and every upload", async () => {
  const stock = stocked();
  const driver = stock.store;
  const root = "docker/registry/v2/repositories";
  await driver.directory.makePrefix(`${root}/cancelled/_uploads`);
  await driver.directory.makePrefix(`${root}/a/b/c`);
  await driver.objects.put(`${root}/a/d/_upstream`, utf8("https://upstream.test"));
  const id = await stock.registry.repository(named("under/way"), anonymous()).uploads.start("sha256");
  const young = await collect(stock);
  expect(young.removals).toEqual([["repository", "cancelled"]]);
  stock.wait(3_600_001);
  await driver.directory.makePrefix(`${root}/a/young`);
  const dry = await collect(stock, { isDryRun: true });
  const { removals, summary } = await collect(stock);
  expect(removals).toEqual([
    ["upload", id],
    ["directory", `${root}/a/b/c`],
    ["directory", `${root}/a/d`],
  ]);
  expect([dry.removals, dry.summary]).toEqual([removals, { ...summary, isDryRun: true }]);
  expect([await driver.objects.list(root), await driver.objects.list(`${root}/a`)]).toEqual([
    ["a", "under"],
    ["young"],
  ]);
  stock.wait(graceMs);
  await collectTwice(stock);
  expect(await driver.objects.list(root)).toEqual([]);
});

test("what a writer that was killed left keeps its directories, and no run says that they went", async () => {
  const stock = stocked();
  const driver = stock.store;
  const root = "docker/registry/v2/repositories";
  const places = ["new/_layers/sha256/00", "other", "stays/_layers/sha256/00"];
  await pushImage(stock, "stays", { tag: "1" });
  for (const place of places) await driver.objects.put(`${root}/${place}/link.0.tmp`, utf8("x"));
  stock.wait(graceMs);
  for (const isDryRun of [true, false]) expect((await collect(stock, { isDryRun })).removals).toEqual([]);
  for (const place of places) expect(await driver.directory.countObjects(`${root}/${place}`)).toBe(1);
});

test("an entry of a referrer whose manifest is gone keeps no repository", async () => {
  const stock = stocked();
  const driver = stock.store;
  const image = await pushImage(stock, "app", { tag: "1" });
  const signature = await pushImage(stock, "app", { layers: ["signature"], subject: image });
  await driver.objects.delete(revisionLink(app, signature));
  await stock.registry.repository(app, anonymous()).tags.delete(tagged("1"));
  await collectTwice(stock, { deletesUntagged: true });
  expect((await driver.directory.prefixTime("docker/registry/v2/repositories/app")) !== undefined).toBe(false);
});

test("a dry run takes nothing away and predicts exactly what a run does", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  await pushImage(stock, "app", { layers: ["untagged"] });
  await pushBlob(stock, "lonely", "lonely");
  stock.wait(graceMs);
  await collect(stock, { deletesUntagged: true });
  await pushBlob(stock, "late", "late");
  await pushImage(stock, "broken", { tag: "1", layers: ["z"] });
  await stock.store.objects.put(tagCurrentLink(named("broken"), tagged("1")), utf8(""));
  stock.wait(graceMs);
  const predicted = await collect(stock, { deletesUntagged: true, isDryRun: true });
  const again = await collect(stock, { deletesUntagged: true, isDryRun: true });
  expect(again).toEqual(predicted);
  const done = await collect(stock, { deletesUntagged: true });
  expect(predicted.removals).toEqual(done.removals);
  expect({ ...predicted.summary, isDryRun: false }).toEqual(done.summary);
  expect(done.summary).toMatchObject({ condemned: 1, trashed: 1, purged: 3, findings: 1 });
});

test("a dry run predicts what happens to times in the future, and to two entries of one blob in the trash", async () => {
  const stock = stocked();
  const driver = stock.store;
  await pushImage(stock, "app", { tag: "1", layers: ["needed"] });
  const needed = digestOf("needed");
  const entry = trashNameOf(blobKey(needed));
  await driver.trash.discard(blobKey(needed), `${entry}.run-1`);
  await driver.objects.put(blobKey(needed), utf8("needed"));
  await driver.trash.discard(blobKey(needed), `${entry}.run-2`);
  await pushBlob(stock, "app", "lonely");
  stock.wait(-graceMs);
  const options = { graceMs: 0 };
  const predicted = await collect(stock, { ...options, isDryRun: true });
  const done = await collect(stock, options);
  expect({ ...predicted.summary, isDryRun: false }).toEqual(done.summary);
  expect(predicted.removals).toEqual(done.removals);
  expect(done.summary).toMatchObject({ layerLinks: 1, trashed: 1, restored: 1, purged: 1 });
});

test("a dry run may run beside a collection, as it takes nothing away", async () => {
  const stock = stocked();
  using _held = (await stock.store.locks.hold("gc", "process 7 on elsewhere")) as Disposable;
  expect((await collect(stock, { isDryRun: true })).summary).toMatchObject({ isDryRun: true });
});

test("abandoned uploads go by their age", async () => {
  const stock = stocked();
  await stock.registry.repository(app, anonymous()).uploads.start("sha256");
  stock.wait(3_600_001);
  expect((await collect(stock, { isDryRun: true })).summary.uploads).toBe(1);
  expect((await collect(stock)).summary.uploads).toBe(1);
  expect((await collect(stock)).summary.uploads).toBe(0);
});

test("while another collector holds its lock, it says who and leaves", async () => {
  const { store } = stocked();
  using _held = (await store.locks.hold("gc", "process 7 on elsewhere")) as Disposable;
  const outcome = await collectGarbage(store, {
    graceMs,
    deletesUntagged: false,
    rules: { urls: "any", children: "all" },
    isDryRun: false,
    uploadAgeMs: 1,
    note: "the test",
    report: () => undefined,
  });
  expect(outcome).toEqual({ heldBy: "process 7 on elsewhere" });
});

test("a time in the future, of a clock that was wrong, counts as now and is set to now", async () => {
  const stock = stocked();
  const lonely = await pushBlob(stock, "app", "lonely");
  stock.wait(-10 * graceMs);
  await collect(stock);
  stock.wait(graceMs);
  expect((await collect(stock)).summary).toMatchObject({ layerLinks: 1, condemned: 0 });
  stock.wait(graceMs);
  expect((await collect(stock)).summary).toMatchObject({ condemned: 1 });
  expect(await hasBlob(stock, lonely)).toBe(false);
});
