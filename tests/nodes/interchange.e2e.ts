// One bucket goes back and forth between this registry, registry:2 and registry:3: each serves what the others wrote.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Client, type Served } from "../crash/client.ts";
import { Expectations } from "../crash/expectations.ts";
import { findDifferences } from "../crash/outcome.ts";
import { executable, startRegistry } from "../e2e/executable.ts";
import { must, requireGoProgram, run } from "../e2e/program.ts";
import { changeSome, pushEverything } from "../interchange/foreign-content.ts";
import {
  type ForeignKind,
  foreignKinds,
  startForeign,
  writeSharedConfiguration,
} from "../interchange/foreign-registry.ts";
import { type RealEngine, startVersityGateway } from "../storage/s3/engines.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { bucketSection } from "./cluster.ts";

const isThere = requireGoProgram("versitygw");

/** Starts ours or a foreign one on the bucket with one and the same file, works with it and stops it. */
async function serve<T>(
  name: ForeignKind | "ours",
  engine: RealEngine,
  work: (served: Served) => Promise<T>,
): Promise<T> {
  const bucket = await bucketSection(engine);
  using home = temporaryDirectory();
  if (name !== "ours") {
    await using foreign = await startForeign(name, home.path, { bucket });
    return await work(foreign);
  }
  const file = join(home.path, "config.yml");
  writeSharedConfiguration(file, { data: home.path, addr: "127.0.0.1:0", bucket });
  const env = { REGISTRY_STORAGE_S3_SCRATCH: join(home.path, "scratch") };
  await using registry = await startRegistry({ isPlaced: true, data: home.path, args: [file], env });
  const result = await work(registry);
  await registry.stop();
  expect(registry.stderr()).toBe("");
  // A tag that was deleted is an empty link until then, which other registries do not understand.
  await must([executable, "gc", file, "--grace", "0s", "--quiet"], { env });
  return result;
}

/** But for blobs that no manifest names, which a collection without a grace takes. */
async function differencesAt(name: ForeignKind | "ours", engine: RealEngine, seen: Expectations) {
  const named = seen.copy();
  named.blobs = new Expectations().blobs;
  return await serve(name, engine, (served) => findDifferences(served, named));
}

/** In one order: theirs on a bucket is not the one that they have on a directory. */
async function catalogAt(name: ForeignKind | "ours", engine: RealEngine): Promise<readonly string[]> {
  return await serve(name, engine, async (served) => {
    const { repositories } = (await (await served.fetch("/v2/_catalog?n=100")).json()) as { repositories: string[] };
    return repositories.sort();
  });
}

test.skipIf(!isThere).each([...foreignKinds])("%s serves what we wrote, and we what it wrote", async (foreign) => {
  await using engine = await startVersityGateway();
  const seen = new Expectations();
  const work = async (served: Served) => {
    const client = new Client(served, seen);
    await pushEverything(client, { layerBytes: 12_000_000 });
    await changeSome(client);
  };
  await serve("ours", engine, work);
  // What a node leaves that is killed while it fetches from another registry.
  await engine.objects.put(`registry/proxy/sha256-${"0".repeat(64)}-${"0".repeat(16)}`, new TextEncoder().encode("{}"));
  expect(await differencesAt(foreign, engine, seen)).toEqual([]);
  expect(await catalogAt(foreign, engine)).toEqual(await catalogAt("ours", engine));
  await serve(foreign, engine, work);
  expect(await differencesAt("ours", engine, seen)).toEqual([]);
  await serve("ours", engine, work);
  expect(await differencesAt(foreign, engine, seen)).toEqual([]);
});

test.skipIf(!isThere).each([...foreignKinds])("a bucket that %s filled is whole for `verify`", async (foreign) => {
  await using engine = await startVersityGateway();
  await serve(foreign, engine, (served) => pushEverything(new Client(served, new Expectations())));
  using home = temporaryDirectory();
  const file = join(home.path, "config.yml");
  writeSharedConfiguration(file, { data: home.path, addr: "127.0.0.1:0", bucket: await bucketSection(engine) });
  const env = { REGISTRY_STORAGE_S3_SCRATCH: join(home.path, "scratch") };
  const { stdout } = await run([executable, "verify", file, "--json"], { env });
  expect(stdout.split("\n").filter((line) => /"severity":"lost"/.test(line))).toEqual([]);
});
