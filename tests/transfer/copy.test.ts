// Copies between stores: what is sent, what is not, and what goes wrong.
import { describe, expect, test } from "bun:test";
import { ImageCopier, startCopyRun } from "../../src/transfer/copy.ts";
import type { SourcePlace } from "../../src/transfer/place.ts";
import { codeOf } from "../registry/refused.ts";
import { digestOf, pullImage, pushImage, pushIndex, putManifest, stocked, tagged } from "../registry/stocked.ts";
import { copied, destinationIn, sourceIn } from "./copying.ts";

const v1 = tagged("v1");

describe("a copy", () => {
  test("brings an image with its blobs, under the same digest", async () => {
    const [from, to] = [stocked(), stocked()];
    const digest = await pushImage(from, "app", { tag: "v1", layers: ["one", "two"] });
    const outcome = await copied(sourceIn(from, "app"), await destinationIn(to, "team/app", "there"));
    expect([outcome.digest, outcome.manifests, outcome.sentBlobs]).toEqual([digest, 1, 3]);
    expect(await pullImage(to, "team/app", v1)).toBe(true);
  });

  test("brings an index with its children, or one platform of it", async () => {
    const [from, to] = [stocked(), stocked()];
    const child = await pushImage(from, "app", { layers: ["one"] });
    const index = await pushIndex(from, "app", { tag: "v1", children: [child] });
    expect((await copied(sourceIn(from, "app"), await destinationIn(to, "app"))).digest).toBe(index);
    expect([await pullImage(to, "app", v1), await pullImage(to, "app", child)]).toEqual([true, true]);
    const platform = { os: "linux", architecture: "arm64", variant: undefined };
    const choosing = copied(sourceIn(from, "app"), await destinationIn(to, "app"), { platform });
    expect(await codeOf(choosing)).toBe("MANIFEST_UNKNOWN");
  });

  test("sends nothing that is there", async () => {
    const [from, to] = [stocked(), stocked()];
    await pushImage(from, "app", { tag: "v1", layers: ["one", "two"] });
    await copied(sourceIn(from, "app"), await destinationIn(to, "app", "there"));
    const again = await copied(sourceIn(from, "app"), await destinationIn(to, "app", "there"));
    expect([again.manifests, again.sentBytes, again.skippedBytes]).toEqual([0, 0, again.knownBytes]);
    // Another repository of the same store.
    const other = await copied(sourceIn(from, "app"), await destinationIn(to, "other", "there"));
    expect([other.manifests, other.sentBytes]).toEqual([1, 0]);
    expect(await pullImage(to, "other", v1)).toBe(true);
  });

  test("between repositories of one store mounts", async () => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "v1" });
    const outcome = await copied(sourceIn(stock, "app"), await destinationIn(stock, "copy"));
    expect([outcome.sentBytes, await pullImage(stock, "copy", v1)]).toEqual([0, true]);
  });

  test("gives the tag to another image, and to several tags of one", async () => {
    const [from, to] = [stocked(), stocked()];
    await pushImage(from, "app", { tag: "v1", layers: ["old"] });
    const destination = await destinationIn(to, "app", "there");
    await copied(sourceIn(from, "app"), destination);
    const digest = await pushImage(from, "app", { tag: "v1", layers: ["new"] });
    const copier = new ImageCopier(
      sourceIn(from, "app"),
      destination,
      startCopyRun(() => {}, new AbortController().signal),
    );
    const copy = { reference: { kind: "tag", tag: v1 }, platform: undefined, withReferrers: false } as const;
    await copier.copy({ ...copy, tags: [v1] });
    await copier.copy({ ...copy, tags: [tagged("latest")] });
    expect([await destination.tagged(v1), await destination.tagged(tagged("latest"))]).toEqual([digest, digest]);
  });

  test("brings referrers, and theirs, when they are wanted", async () => {
    const [from, to] = [stocked(), stocked()];
    const subject = await pushImage(from, "app", { tag: "v1", layers: ["one"] });
    const signature = await pushImage(from, "app", { layers: ["signature"], subject });
    const ofSignature = await pushImage(from, "app", { layers: ["of it"], subject: signature });
    await copied(sourceIn(from, "app"), await destinationIn(to, "plain", "there"));
    await copied(sourceIn(from, "app"), await destinationIn(to, "app", "there"), { withReferrers: true });
    expect(await Array.fromAsync(sourceIn(to, "plain").referrers(subject))).toEqual([]);
    expect(await Array.fromAsync(sourceIn(to, "app").referrers(subject))).toEqual([signature]);
    expect(await pullImage(to, "app", ofSignature)).toBe(true);
  });

  test("is not led in a circle by a list that names what is no referrer", async () => {
    const [from, to] = [stocked(), stocked()];
    const subject = await pushImage(from, "app", { tag: "v1", layers: ["one"] });
    const signature = await pushImage(from, "app", { layers: ["signature"], subject });
    const lying = async function* () {
      yield* [subject, signature];
    };
    const source = { ...sourceIn(from, "app"), referrers: lying };
    const { manifests } = await copied(source, await destinationIn(to, "app", "there"), { withReferrers: true });
    expect([manifests, await pullImage(to, "app", signature)]).toEqual([2, true]);
  });

  test("ends where an index refers to one of its own children", async () => {
    const [from, to] = [stocked(), stocked()];
    const child = await pushImage(from, "app", { tag: "v1", layers: ["one"] });
    const size = (await sourceIn(from, "app").manifest({ kind: "tag", tag: v1 }))?.bytes.length;
    const entry = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: child, size };
    const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json" };
    const manifest = { ...index, manifests: [entry], subject: entry };
    const referrer = await putManifest(from, "app", { tag: "all", manifest });
    for (const tag of ["v1", "all"]) {
      const destination = await destinationIn(to, `from-${tag}`, "there");
      expect((await copied(sourceIn(from, "app"), destination, { tag, withReferrers: true })).manifests).toBe(2);
      expect(await pullImage(to, `from-${tag}`, referrer)).toBe(true);
    }
  });

  test("lists the tags of a source", async () => {
    const from = stocked();
    for (const tag of ["v1", "v2"]) await pushImage(from, "app", { tag });
    expect(await Array.fromAsync(sourceIn(from, "app").tags())).toEqual([v1, tagged("v2")]);
  });
});

describe("a copy refuses", () => {
  const broken = (source: SourcePlace, text: string): SourcePlace => ({
    ...source,
    readBlob: async function* () {
      yield new TextEncoder().encode(text);
    },
  });

  test.each([
    ["xxx", "DIGEST_INVALID"],
    ["much too long for it", "DIGEST_INVALID"],
    ["x", "UPSTREAM_UNREACHABLE"],
  ])("a source that sends %p", async (text, code) => {
    const [from, to] = [stocked(), stocked()];
    await pushImage(from, "app", { tag: "v1", layers: ["one"] });
    const source = sourceIn(from, "app");
    const destination = await destinationIn(to, "app", "there");
    const onlyLayer: SourcePlace = {
      ...source,
      readBlob: (blob, reading) =>
        (blob.digest === digestOf("one") ? broken(source, text) : source).readBlob(blob, reading),
    };
    expect(await codeOf(copied(onlyLayer, destination))).toBe(code);
    expect(
      await codeOf(
        to.registry
          .repository(destination.home?.name as never, { name: "x", requestId: undefined })
          .blobs.open(digestOf("one")),
      ),
    ).toBe("BLOB_UNKNOWN");
    // Whatever was left behind is gone or gone on with.
    expect((await copied(source, destination)).manifests).toBe(1);
    expect(await pullImage(to, "app", v1)).toBe(true);
  });

  test("an index that is nested without end", async () => {
    const [from, to] = [stocked(), stocked()];
    let inner = await pushImage(from, "app", { layers: ["one"] });
    for (let depth = 1; depth <= 16; depth += 1) inner = await pushIndex(from, "app", { tag: "v1", children: [inner] });
    const destination = await destinationIn(to, "app");
    expect((await copied(sourceIn(from, "app"), destination)).digest).toBe(inner);
    await pushIndex(from, "app", { tag: "deeper", children: [inner] });
    const fresh = await destinationIn(stocked(), "app");
    expect(await codeOf(copied(sourceIn(from, "app"), fresh, { tag: "deeper" }))).toBe("MANIFEST_INVALID");
  });

  test("what the source does not have", async () => {
    const [from, to] = [stocked(), stocked()];
    expect(await codeOf(copied(sourceIn(from, "app"), await destinationIn(to, "app")))).toBe("MANIFEST_UNKNOWN");
  });

  test("to begin anything after it was interrupted", async () => {
    const [from, to] = [stocked(), stocked()];
    await pushImage(from, "app", { tag: "v1", layers: ["one"] });
    const signal = AbortSignal.abort(new Error("interrupted"));
    const copying = copied(sourceIn(from, "app"), await destinationIn(to, "app", "there"), { signal });
    expect(copying).rejects.toThrow("interrupted");
  });
});
