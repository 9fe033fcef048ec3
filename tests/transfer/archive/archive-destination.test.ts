// Archives that are written here, and read again.
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ArchiveWriter } from "../../../src/transfer/archive/archive-destination.ts";
import { openArchiveFile } from "../../../src/transfer/archive/archive-file.ts";
import { openTarFiles } from "../../../src/transfer/archive/tar-files.ts";
import { openLayoutSource } from "../../../src/transfer/layout/source.ts";
import { must } from "../../e2e/program.ts";
import { codeOf } from "../../registry/refused.ts";
import { pullImage, pushImage, pushIndex, stocked, tagged } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { copied, destinationIn, sourceIn } from "../copying.ts";

async function writerAt(path: string, isForDocker = false): Promise<ArchiveWriter> {
  return new ArchiveWriter(await openArchiveFile(path), { label: "it.tar", isForDocker });
}

test("an archive has each blob once, and gives images back under their digests", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "it.tar");
  const [from, to] = [stocked(), stocked()];
  const child = await pushImage(from, "app", { layers: ["one", "one", "two"] });
  const digest = await pushIndex(from, "app", { tag: "v1", children: [child] });
  const signature = await pushImage(from, "app", { layers: ["signature"], subject: digest });
  const writer = await writerAt(path);
  await copied(
    sourceIn(from, "app"),
    writer.destination((tag) => `team/app:${tag}`),
    { withReferrers: true },
  );
  const names = (await must(["tar", "-tf", path])).trim().split("\n");
  expect([names.length, new Set(names).size, names.slice(-2)]).toEqual([9, 9, ["oci-layout", "index.json"]]);
  const source = await openLayoutSource(await openTarFiles(path, "it.tar"));
  expect(source.named("team/app:v1")).toEqual({ digest, tag: tagged("v1") });
  expect([...(await source.allReferrers())]).toEqual([signature]);
  await copied(source, await destinationIn(to, "app"), { withReferrers: true });
  expect([await pullImage(to, "app", tagged("v1")), await pullImage(to, "app", signature)]).toEqual([true, true]);
});

test("for docker it has manifest.json, and one platform of an image", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "it.tar");
  const from = stocked();
  const image = await pushImage(from, "app", { tag: "v1", layers: ["one"] });
  await pushIndex(from, "app", { tag: "all", children: [image] });
  const writer = await writerAt(path, true);
  const destination = writer.destination((tag) => `team/app:${tag}`);
  expect(await codeOf(copied(sourceIn(from, "app"), destination, { tag: "all" }))).toBe("UNSUPPORTED");
  await copied(sourceIn(from, "app"), destination);
  const [described] = JSON.parse(await must(["tar", "-xOf", path, "manifest.json"])) as {
    RepoTags: string[];
    Layers: string[];
  }[];
  expect([described?.RepoTags, described?.Layers.length]).toEqual([["team/app:v1"], 1]);
});

test("one whose source fails is not there", async () => {
  using directory = temporaryDirectory();
  const from = stocked();
  await pushImage(from, "app", { tag: "v1", layers: ["one"] });
  const source = {
    ...sourceIn(from, "app"),
    readBlob: async function* () {
      yield new Uint8Array(3);
    },
  };
  const destination = (await writerAt(join(directory.path, "it.tar"))).destination((tag) => tag);
  expect(await codeOf(copied(source, destination))).toMatch(/DIGEST_INVALID|UPSTREAM_UNREACHABLE/);
  await destination.abandon();
  expect(readdirSync(directory.path)).toEqual([]);
});

test("a child that is there is not yet an image of its own", async () => {
  using directory = temporaryDirectory();
  const from = stocked();
  const child = await pushImage(from, "app", { layers: ["one"] });
  const index = await pushIndex(from, "app", { tag: "v1", children: [child] });
  const writer = await writerAt(join(directory.path, "it.tar"));
  const destination = writer.destination((tag) => tag);
  await copied(sourceIn(from, "app"), destination);
  const has = (digest: typeof child, isRoot: boolean) =>
    destination.hasManifest(digest, { isRoot, subject: undefined });
  expect([await has(child, false), await has(child, true), await has(index, true)]).toEqual([true, false, true]);
});
