// A directory moves to a bucket and back while its registry serves, and nodes with workers serve what arrived.
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../crash/client.ts";
import { Expectations } from "../crash/expectations.ts";
import { makeImage, makeIndex, pushMade } from "../crash/made-image.ts";
import { findDifferences } from "../crash/outcome.ts";
import { executable, startRegistry } from "../e2e/executable.ts";
import { must, requireGoProgram } from "../e2e/program.ts";
import { startVersityGateway } from "../storage/s3/engines.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { bucketSection, startNode } from "./cluster.ts";

const isThere = requireGoProgram("versitygw");

async function pushSome(client: Client, name: string): Promise<void> {
  const [amd64, arm64] = [makeImage({ layerBytes: 9_000_000 }), makeImage()];
  for (const image of [amd64, arm64]) await pushMade(client, name, { image, tag: undefined, way: "put" });
  const index = makeIndex([amd64.manifest, arm64.manifest]);
  await client.pushManifest(name, index, "multi");
  await pushMade(client, name, { image: makeImage({ subject: index }), tag: "sbom", way: "put" });
}

/** But for blobs that no manifest names. */
function named(seen: Expectations): Expectations {
  const copy = seen.copy();
  copy.blobs = new Expectations().blobs;
  return copy;
}

describe.skipIf(!isThere)("registry migrate", () => {
  test("moves a directory to a bucket, where nodes with workers serve it, and back", async () => {
    await using engine = await startVersityGateway();
    using home = temporaryDirectory();
    const [old, back, file] = ["old", "back", "new.yml"].map((name) => join(home.path, name)) as [
      string,
      string,
      string,
    ];
    const s3 = { ...(await bucketSection(engine)), scratch: join(home.path, "scratch") };
    writeFileSync(file, JSON.stringify({ version: 0.1, storage: { s3 } }));
    const seen = new Expectations();
    await using registry = await startRegistry({ data: old, args: ["--http"] });
    const client = new Client(registry, seen);
    await pushSome(client, "team/app");
    await must([executable, "migrate", old, file, "--rate", "500MB/s"]);
    // Meanwhile somebody pushes.
    await pushSome(client, "team/later");
    await must([executable, "migrate", old, file]);
    const env = { REGISTRY_STORAGE_S3_ROOTDIRECTORY: "/registry" };
    await using node = await startNode(engine, { args: ["--http", "--workers", "2"], env });
    expect(await findDifferences(node, named(seen))).toEqual([]);
    await pushSome(new Client(node, seen), "team/new");
    await must([executable, "migrate", file, back]);
    await using again = await startRegistry({ data: back, args: ["--http"] });
    expect(await findDifferences(again, named(seen))).toEqual([]);
  }, 300_000);
});
