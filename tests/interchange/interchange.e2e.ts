// A data directory goes back and forth between this registry, registry:2 and registry:3: each serves what the others
// wrote, deleted and collected.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Client, type Served } from "../crash/client.ts";
import { findBrokenInvariants } from "../crash/directory-check.ts";
import { type Content, Expectations } from "../crash/expectations.ts";
import { makeBytes, makeImage, makeIndex, pushMade } from "../crash/made-image.ts";
import { findDifferences } from "../crash/outcome.ts";
import { executable, startRegistry } from "../e2e/executable.ts";
import { digestOf, withDigest } from "../e2e/image.ts";
import { run } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { changeSome, pushEverything } from "./foreign-content.ts";
import {
  collectForeign,
  type ForeignKind,
  foreignKinds,
  startForeign,
  writeSharedConfiguration,
} from "./foreign-registry.ts";

/** Starts ours or a foreign one on the directory with one and the same file, works with it and stops it. */
async function serve<T>(name: ForeignKind | "ours", data: string, work: (served: Served) => Promise<T>): Promise<T> {
  if (name !== "ours") {
    await using foreign = await startForeign(name, data);
    return await work(foreign);
  }
  using home = temporaryDirectory();
  const file = join(home.path, "config.yml");
  writeSharedConfiguration(file, { data, addr: "127.0.0.1:0" });
  await using registry = await startRegistry({ data, args: [file] });
  const result = await work(registry);
  await registry.stop();
  expect(registry.stderr()).toBe("");
  return result;
}

async function differencesAt(name: ForeignKind | "ours", data: string, seen: Expectations): Promise<readonly string[]> {
  const shown = await serve(name, data, (served) => findDifferences(served, seen));
  // The collector of registry:2 leaves the links of blobs that it took.
  const broken = findBrokenInvariants(data).filter((problem) => !/_layers\/.* leads to nothing$/.test(problem));
  return [...shown.map((problem) => `${name}: ${problem}`), ...broken];
}

async function catalogAt(name: ForeignKind | "ours", data: string): Promise<unknown> {
  return await serve(name, data, async (served) => await (await served.fetch("/v2/_catalog?n=100")).json());
}

/** What `verify` says is lost. A collector of registry:2 takes bytes and leaves their links, which is no loss. */
async function lostAt(data: string): Promise<readonly string[]> {
  const { stdout } = await run([executable, "verify", "--data", data, "--json"]);
  return stdout.split("\n").filter((line) => line.includes('"severity":"lost"'));
}

describe.each([...foreignKinds])("%s", (foreign) => {
  test("serves what we wrote, its collector leaves it whole, and we serve it then", async () => {
    using directory = temporaryDirectory();
    const data = directory.path;
    const seen = new Expectations();
    await serve("ours", data, async (served) => {
      const client = new Client(served, seen);
      await pushEverything(client);
      await changeSome(client);
      await client.deleteTag("changed", "second");
      await client.pushManifest("index-only", makeIndex([]), "1");
    });
    expect(await differencesAt(foreign, data, seen)).toEqual([]);
    expect(await catalogAt(foreign, data)).toEqual(await catalogAt("ours", data));
    expect(await collectForeign(foreign, data)).toContain("index-only");
    expect(await differencesAt("ours", data, withoutBlobs(seen))).toEqual([]);
    expect(await differencesAt(foreign, data, withoutBlobs(seen))).toEqual([]);
  });

  test("takes untagged manifests, what is tagged stays whole, and our referrers follow", async () => {
    using directory = temporaryDirectory();
    const data = directory.path;
    const seen = new Expectations();
    const image = makeImage();
    const untagged = makeImage({ subject: image.manifest });
    await serve("ours", data, async (served) => {
      const client = new Client(served, seen);
      // registry:2 takes the images of a tagged index, too.
      if (foreign === "registry-v3") await pushEverything(client);
      await pushMade(client, "team/signed", { image, tag: "1" });
      await pushMade(client, "team/signed", { image: makeImage({ subject: image.manifest }), tag: "signature" });
      await pushMade(client, "team/signed", { image: untagged });
    });
    await collectForeign(foreign, data, { isUntaggedToo: true });
    seen.manifests.answered(`team/signed@${untagged.manifest.digest}` as Content, false);
    expect(await differencesAt("ours", data, withoutBlobs(seen))).toEqual([]);
    const referrers = await serve("ours", data, async (served) => {
      const answer = await served.fetch(`/v2/team/signed/referrers/${image.manifest.digest}`);
      return ((await answer.json()) as { manifests: unknown[] }).manifests.length;
    });
    expect(referrers).toBe(1);
    await serve("ours", data, (served) => pushMade(new Client(served, seen), "team/signed", { image: untagged }));
    expect(await differencesAt("ours", data, withoutBlobs(seen))).toEqual([]);
  });

  test.each([
    { title: "wrote and deleted", collect: undefined },
    { title: "wrote, deleted and collected", collect: {} },
    { title: "wrote, deleted and collected with untagged manifests", collect: { isUntaggedToo: true } },
  ])("$title, and we serve it, push into it and give it back", async ({ collect }) => {
    using directory = temporaryDirectory();
    const data = directory.path;
    const seen = new Expectations();
    const isUntaggedToo = collect?.isUntaggedToo === true;
    await serve(foreign, data, async (served) => {
      const client = new Client(served, seen);
      // registry:2 takes the images of a tagged index, too.
      if (!isUntaggedToo || foreign === "registry-v3") await pushEverything(client);
      await changeSome(client);
      if (foreign === "registry-v3") await client.deleteTag("changed", "second");
    });
    const kept = isUntaggedToo ? onlyTagged(seen) : seen;
    if (collect !== undefined) await collectForeign(foreign, data, collect);
    expect(await differencesAt("ours", data, withoutBlobs(kept))).toEqual([]);
    expect(await lostAt(data)).toEqual([]);
    await serve("ours", data, async (served) => {
      const client = new Client(served, kept);
      await pushEverything(client);
      await changeSome(client);
    });
    expect(await differencesAt(foreign, data, withoutBlobs(kept))).toEqual([]);
    await collectForeign(foreign, data);
    expect(await differencesAt("ours", data, withoutBlobs(kept))).toEqual([]);
  });
});

describe("sha512", () => {
  const bytes = makeBytes(5000);
  const digest = `sha512:${new Bun.CryptoHasher("sha512").update(bytes).digest("hex")}`;

  test.if(foreignKinds.includes("registry-v3"))(
    "blobs and manifests of ours are served and kept by registry:3",
    async () => {
      using directory = temporaryDirectory();
      const data = directory.path;
      const manifest = await serve("ours", data, (served) => pushSha512(served, { bytes, digest }));
      const paths = [`/v2/team/app/blobs/${digest}`, `/v2/team/app/manifests/${manifest.digest}`];
      const show = async (name: ForeignKind | "ours") =>
        serve(name, data, async (served) => {
          const answers = await Promise.all(paths.map((path) => served.fetch(path)));
          return await Promise.all(answers.map(async (answer) => [answer.status, digestOf(await answer.bytes())]));
        });
      const want = [bytes, manifest.bytes].map((content) => [200, digestOf(content)]);
      expect(await show("registry-v3")).toEqual(want);
      await collectForeign("registry-v3", data);
      expect(await show("registry-v3")).toEqual(want);
      expect(await show("ours")).toEqual(want);
    },
  );

  test.each([...foreignKinds])("blobs that %s filed under their sha256 are served by us", async (foreign) => {
    using directory = temporaryDirectory();
    const data = directory.path;
    await serve(foreign, data, async (served) => {
      const begun = await served.fetch("/v2/team/app/blobs/uploads/", { method: "POST" });
      const location = withDigest(begun.headers.get("location") ?? "", digest);
      expect((await served.fetch(location, { method: "PUT", body: bytes })).status).toBe(201);
    });
    await serve("ours", data, async (served) => {
      for (const name of [digest, digestOf(bytes)]) {
        const answer = await served.fetch(`/v2/team/app/blobs/${name}`);
        expect([answer.status, digestOf(await answer.bytes())]).toEqual([200, digestOf(bytes)]);
      }
    });
  });
});

/** Pushes a blob, and a manifest of it, by digests of this algorithm. */
async function pushSha512(
  served: Served,
  { bytes, digest }: { readonly bytes: Uint8Array<ArrayBuffer>; readonly digest: string },
): Promise<{ readonly digest: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const descriptor = { mediaType: "application/octet-stream", digest, size: bytes.length };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const content = { schemaVersion: 2, mediaType, config: descriptor, layers: [descriptor] };
  const manifest = new TextEncoder().encode(JSON.stringify(content));
  const name = `sha512:${new Bun.CryptoHasher("sha512").update(manifest).digest("hex")}`;
  const pushed = [
    await served.fetch(withDigest("/v2/team/app/blobs/uploads/", digest), { method: "POST", body: bytes }),
    await served.fetch(`/v2/team/app/manifests/${name}`, {
      method: "PUT",
      headers: { "Content-Type": mediaType },
      body: manifest,
    }),
  ];
  expect(pushed.map(({ status }) => status)).toEqual([201, 201]);
  return { digest: name, bytes: manifest };
}

/** The same without what was known of blobs as such: a collector takes those that no manifest names. */
function withoutBlobs(seen: Expectations): Expectations {
  const copy = seen.copy();
  copy.blobs = new Expectations().blobs;
  return copy;
}

/** What is left when untagged manifests were taken; which of them an index kept is seen by the index being whole. */
function onlyTagged(seen: Expectations): Expectations {
  const copy = withoutBlobs(seen);
  copy.manifests = new Expectations().manifests;
  return copy;
}
