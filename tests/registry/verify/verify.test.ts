import { expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { blobKey, layerLink, layersPrefix, revisionLink, tagIndexLink } from "../../../src/registry/layout.ts";
import { verifyExitCode } from "../../../src/registry/verify/report.ts";
import { answering, intercept } from "../../storage/intercepted.ts";
import { collect, graceMs } from "../gc/collected.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, stocked, tagged, utf8 } from "../stocked.ts";
import { sound, verify } from "./verified.ts";

const app = named("app");
const one = tagged("1");
const layer = digestOf("layer");

test("a sound store is clean, and so is an empty one", async () => {
  const { stock } = await sound();
  const { summary, findings } = await verify(stock);
  expect({ summary, findings }).toMatchObject({
    summary: { repositories: 1, manifests: 3, blobs: 6, lost: 0, repairable: 0, untidy: 0 },
    findings: [],
  });
  expect([verifyExitCode(summary), verifyExitCode((await verify(stocked())).summary)]).toEqual([0, 0]);
});

test("files that dead writers left are told as untidy, and left", async () => {
  const sweepTemporary = async (_olderThanMs: number, options?: { readonly isDryRun: boolean }) =>
    options?.isDryRun === true ? 2 : 0;
  const stock = stocked((driver) => answering(driver, { directory: { sweepTemporary } }));
  expect((await verify(stock)).findings).toEqual([
    ["untidy", "2 files of writers that died; `registry gc` removes them"],
  ]);
});

test("damaged bytes that nobody links are untidy, not lost", async () => {
  const { stock } = await sound();
  await stock.store.objects.put(blobKey(digestOf("nobody's")), utf8("damaged"));
  expect((await verify(stock)).findings).toEqual([["untidy", expect.stringContaining("hash to")]]);
});

test("a manifest that is wrong about the size of a whole blob is said to be wrong", async () => {
  const stock = stocked();
  await pushBlob(stock, "app", "config");
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("config"), size: 7 };
  const manifest = JSON.stringify({ schemaVersion: 2, config, layers: [] });
  await stock.store.objects.put(blobKey(digestOf(manifest)), utf8(manifest));
  await stock.store.objects.put(revisionLink(app, digestOf(manifest)), utf8(digestOf(manifest)));
  expect((await verify(stock)).findings).toEqual([
    ["lost", `it says that ${digestOf("config")} has 7 bytes, but it has 6`],
  ]);
});

test("after a quarantine the blob counts as missing, and a push heals it", async () => {
  const { stock } = await sound();
  await stock.store.objects.put(blobKey(layer), utf8("lay"));
  await verify(stock, { isRepairing: true });
  expect(stock.registry.repository(app, anonymous()).blobs.open(layer)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
  expect((await verify(stock)).findings).toEqual([["lost", expect.stringContaining("missing")]]);
  await pushBlob(stock, "app", "layer");
  expect((await verify(stock)).findings).toEqual([]);
  stock.wait(graceMs);
  expect((await collect(stock)).summary).toMatchObject({ purged: 1, restored: 0 });
});

test("what a check without repair finds damaged counts as missing at once, and a push heals it", async () => {
  const { stock } = await sound();
  await stock.store.objects.put(blobKey(layer), utf8("lavor"));
  expect((await verify(stock)).summary).toMatchObject({ lost: 1, repaired: 0, quarantined: 0 });
  expect(stock.registry.repository(app, anonymous()).blobs.open(layer)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
  expect((await verify(stock)).summary).toMatchObject({ lost: 1 });
  await pushBlob(stock, "app", "layer");
  expect((await verify(stock)).findings).toEqual([]);
  expect(await pullImage(stock, "app", one)).toBe(true);
});

test("what was called damaged and is whole, as after a bad cable, is there again", async () => {
  const { stock } = await sound();
  const stat = await stock.store.objects.stat(blobKey(layer));
  if (stat !== undefined) await stock.store.directory.noteDamage(blobKey(layer), stat, true);
  expect((await verify(stock)).findings).toEqual([]);
  expect(await pullImage(stock, "app", one)).toBe(true);
});

test("damage that cannot be noted is told, since the bytes go on being served", async () => {
  const stock = stocked((driver) =>
    intercept(driver, {
      directory: {
        noteDamage: () => {
          throw new Error("the disk is read-only");
        },
      },
    }),
  );
  await pushImage(stock, "app", { tag: "1" });
  await stock.store.objects.put(blobKey(layer), utf8("lavor"));
  expect(await verify(stock)).toMatchObject({ summary: { lost: 1 }, failures: ["Error: the disk is read-only"] });
});

test("a push that heals a blob while it is being quarantined keeps it", async () => {
  let heal: (() => Promise<unknown>) | undefined;
  const stock = stocked((driver) =>
    intercept(driver, {
      trash: {
        condemn: async () => {
          const healing = heal;
          heal = undefined;
          await healing?.();
        },
      },
    }),
  );
  await pushImage(stock, "app", { tag: "1" });
  await stock.store.objects.put(blobKey(layer), utf8("lay"));
  heal = () => pushBlob(stock, "app", "layer");
  const { repaired } = await verify(stock, { isRepairing: true });
  expect(repaired).toEqual([]);
  expect(await pullImage(stock, "app", one)).toBe(true);
});

test("what was half done when it was looked at first is no finding", async () => {
  let finish: (() => Promise<unknown>) | undefined;
  const stock = stocked((driver) =>
    intercept(driver, {
      locks: {
        take: async (_name, mode) => {
          if (mode === "alone") await finish?.();
        },
      },
    }),
  );
  const image = await pushImage(stock, "app", { tag: "1" });
  const link = layerLink(app, layer);
  await stock.store.objects.delete(link);
  finish = () => stock.store.objects.put(link, utf8(layer));
  expect((await verify(stock)).findings).toEqual([]);
  expect(await pullImage(stock, "app", image)).toBe(true);
});

test("a cached repository may have a manifest before its blobs", async () => {
  const { stock, image } = await sound();
  await stock.store.objects.delete(layerLink(app, layer));
  await stock.store.objects.put("docker/registry/v2/repositories/app/_upstream", utf8("https://upstream.test"));
  expect((await verify(stock)).findings).toEqual([]);
  expect(image).toStartWith("sha256:");
});

test("damaged bytes of a cached repository are repairable: moved away they are fetched again", async () => {
  const { stock } = await sound();
  await stock.store.objects.put("docker/registry/v2/repositories/app/_upstream", utf8("https://upstream.test"));
  await stock.store.objects.put(blobKey(layer), utf8("layeR"));
  expect((await verify(stock)).findings).toEqual([["repairable", expect.stringContaining("hash to")]]);
  const { summary, repaired } = await verify(stock, { isRepairing: true });
  expect([verifyExitCode(summary), repaired]).toEqual([0, ["quarantined"]]);
  expect((await verify(stock)).findings).toEqual([]);
  await pushImage(stock, "local", { tag: "1" });
  await stock.store.objects.put(blobKey(layer), utf8("layeR"));
  expect((await verify(stock)).findings).toEqual([["lost", expect.stringContaining("hash to")]]);
});

test("a repair that the disk refuses is told, leaves the finding as bad as it was, and does not stop the check", async () => {
  const { stock, image } = await sound();
  await stock.store.objects.delete(tagIndexLink(app, one, image));
  await stock.store.objects.put(blobKey(digestOf("nobody's")), utf8("damaged"));
  const fail = () => {
    throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  };
  const driver = intercept(stock.store, { objects: { put: fail }, trash: { condemn: fail } });
  const full = { ...stock, store: { ...stock.store, ...driver } };
  const { summary, findings, repaired, failures } = await verify(full, { isRepairing: true });
  expect(findings.map(([severity]) => severity)).toEqual(["repairable", "untidy"]);
  expect([summary.blobs, summary.lost, repaired, verifyExitCode(summary)]).toEqual([7, 0, [], 1]);
  expect(failures).toEqual([expect.stringContaining("ENOSPC"), expect.stringContaining("ENOSPC")]);
});

test("damaged bytes that nobody links are all repaired when they are moved away", async () => {
  const { stock } = await sound();
  await stock.store.objects.put(blobKey(digestOf("nobody's")), utf8("damaged"));
  expect(verifyExitCode((await verify(stock, { isRepairing: true })).summary)).toBe(0);
});

test.each([
  ["a blob", blobKey(layer), ["lost", "lost"]],
  ["a link", layerLink(app, layer), ["lost"]],
  ["a directory of links", layersPrefix(app), ["lost"]],
  ["a directory of repositories", "docker/registry/v2/repositories/team", ["lost"]],
  ["a directory of blobs", `docker/registry/v2/blobs/sha256/${digestOf("nobody's").slice(7, 9)}`, ["lost"]],
])("%s that the disk cannot read is a finding, and everything else is checked", async (_title, key, severities) => {
  const { stock } = await sound();
  await stock.store.directory.makePrefix("docker/registry/v2/repositories/team");
  await stock.store.directory.makePrefix(`docker/registry/v2/blobs/sha256/${digestOf("nobody's").slice(7, 9)}`);
  const fail = (asked: string) => {
    if (asked === key) throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
  };
  const driver = intercept(stock.store, { objects: { stat: fail, read: fail, list: fail } });
  const { summary, findings } = await verify({ ...stock, store: { ...stock.store, ...driver } });
  expect(findings.map(([severity]) => severity)).toEqual(severities as ("lost" | "repairable")[]);
  expect(findings.map(([, problem]) => problem).join()).toContain("EIO");
  expect([summary.repositories, summary.blobs]).toEqual([1, 6]);
});
