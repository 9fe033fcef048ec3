// Copies into a layout and out of it.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../registry/refused.ts";
import { digestOf, pullImage, pushImage, pushIndex, stocked, tagged } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { copied, destinationIn, sourceIn } from "../copying.ts";
import { indexOf, layoutAt, readLayout } from "./layout.ts";

const v1 = tagged("v1");
const blobsIn = (directory: string) => readdirSync(join(directory, "blobs/sha256")).sort();
const hex = (text: string) => digestOf(text).slice("sha256:".length);

describe("a layout", () => {
  test("takes an image, and gives it back under the same digest", async () => {
    using directory = temporaryDirectory();
    const [from, to] = [stocked(), stocked()];
    const child = await pushImage(from, "app", { layers: ["one", "two"] });
    const digest = await pushIndex(from, "app", { tag: "v1", children: [child] });
    const outcome = await copied(sourceIn(from, "app"), await layoutAt(directory.path));
    expect([outcome.digest, outcome.sentBlobs, readdirSync(directory.path).sort()]).toEqual([
      digest,
      3,
      ["blobs", "index.json", "oci-layout"],
    ]);
    expect(indexOf(directory.path).manifests).toMatchObject([
      { digest, annotations: { "org.opencontainers.image.ref.name": "v1" } },
    ]);
    const source = await readLayout(directory.path);
    expect([source.only(), await Array.fromAsync(source.tags())]).toEqual([{ digest, tag: v1 }, [v1]]);
    await copied(source, await destinationIn(to, "app", "there"));
    expect([await pullImage(to, "app", v1), await pullImage(to, "app", child)]).toEqual([true, true]);
    const again = await copied(sourceIn(from, "app"), await layoutAt(directory.path));
    expect([again.sentBytes, again.manifests, indexOf(directory.path).manifests.length]).toEqual([0, 0, 1]);
  });

  test("replaces what had the name before, and keeps entries that are unknown to it", async () => {
    using directory = temporaryDirectory();
    const from = stocked();
    await pushImage(from, "app", { tag: "v1", layers: ["one"] });
    await copied(sourceIn(from, "app"), await layoutAt(directory.path));
    const odd = { mediaType: "application/x-odd", digest: "md5:1", size: 3, annotations: { a: "b" } };
    const index = indexOf(directory.path);
    writeFileSync(
      join(directory.path, "index.json"),
      JSON.stringify({ ...index, extra: 1, manifests: [...index.manifests, odd] }),
    );
    const digest = await pushImage(from, "app", { tag: "v1", layers: ["two"] });
    await copied(sourceIn(from, "app"), await layoutAt(directory.path));
    expect(indexOf(directory.path)).toMatchObject({ extra: 1, manifests: [odd, { digest }] });
    expect((await readLayout(directory.path)).only().digest).toBe(digest);
  });

  test("keeps referrers without a name, and finds them by their subject", async () => {
    using directory = temporaryDirectory();
    const from = stocked();
    const subject = await pushImage(from, "app", { tag: "v1", layers: ["one"] });
    const signature = await pushImage(from, "app", { layers: ["signature"], subject });
    await copied(sourceIn(from, "app"), await layoutAt(directory.path), { withReferrers: true });
    const source = await readLayout(directory.path);
    expect(await Array.fromAsync(source.referrers(subject))).toEqual([signature]);
    expect([source.only().digest, await Array.fromAsync(source.tags())]).toEqual([subject, [v1]]);
  });

  test("that two write at once has what both wrote", async () => {
    using directory = temporaryDirectory();
    const from = stocked();
    const tags = Array.from({ length: 12 }, (_, each) => `v${each}`);
    for (const tag of tags) await pushImage(from, "app", { tag, layers: ["shared", tag] });
    await Promise.all(tags.map(async (tag) => copied(sourceIn(from, "app"), await layoutAt(directory.path), { tag })));
    const source = await readLayout(directory.path);
    expect((await Array.fromAsync(source.tags())).sort()).toEqual(tags.map(tagged).sort());
    const again = await layoutAt(directory.path);
    const roots = tags.map((tag) => again.hasManifest(source.named(tag).digest, { isRoot: true, subject: undefined }));
    expect(new Set(await Promise.all(roots))).toEqual(new Set([true]));
    expect(blobsIn(directory.path).filter((name) => name.includes("."))).toEqual([]);
  });

  test("goes on with half a blob, and begins again if that was wrong", async () => {
    using directory = temporaryDirectory();
    const from = stocked();
    await pushImage(from, "app", { tag: "v1", layers: ["0123456789", "abcdefghij"] });
    await layoutAt(directory.path);
    mkdirSync(join(directory.path, ".partial"));
    const leave = (text: string, half: string) =>
      writeFileSync(join(directory.path, ".partial", digestOf(text).replace(":", "-")), half);
    leave("0123456789", "01234");
    leave("abcdefghij", "xxxxx");
    const outcome = await copied(sourceIn(from, "app"), await layoutAt(directory.path));
    // The rest of one, the rest and then all of the other, and the configuration.
    expect(outcome.sentBytes).toBe(5 + 5 + 10 + "config".length);
    expect(existsSync(join(directory.path, ".partial"))).toBe(false);
    expect(blobsIn(directory.path)).toContain(hex("abcdefghij"));
  });

  test("never shows a blob that is wrong or cut off", async () => {
    using directory = temporaryDirectory();
    const from = stocked();
    await pushImage(from, "app", { tag: "v1", layers: ["one"] });
    const source = {
      ...sourceIn(from, "app"),
      readBlob: async function* () {
        yield new Uint8Array(3);
      },
    };
    expect(await codeOf(copied(source, await layoutAt(directory.path)))).toMatch(/DIGEST_INVALID|UPSTREAM_UNREACHABLE/);
    expect([existsSync(join(directory.path, "blobs/sha256", hex("one"))), indexOf(directory.path).manifests]).toEqual([
      false,
      [],
    ]);
  });

  test("is not made in a directory that holds something else", async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, "thesis.txt"), "");
    expect(await codeOf(layoutAt(directory.path))).toBe("UNSUPPORTED");
    expect(readdirSync(directory.path)).toEqual(["thesis.txt"]);
  });

  test("that is missing a blob is refused with its digest", async () => {
    using directory = temporaryDirectory();
    const [from, to] = [stocked(), stocked()];
    await pushImage(from, "app", { tag: "v1", layers: ["one"] });
    await copied(sourceIn(from, "app"), await layoutAt(directory.path));
    (await import("node:fs")).rmSync(join(directory.path, "blobs/sha256", hex("one")));
    const copying = copied(await readLayout(directory.path), await destinationIn(to, "app", "there"));
    expect(copying).rejects.toThrow(`oci:layout has no blob ${digestOf("one")}`);
    expect(
      await codeOf(
        to.registry
          .repository("app" as never, { name: "x", requestId: undefined })
          .manifests.get({ kind: "tag", tag: v1 }),
      ),
    ).toBe("MANIFEST_UNKNOWN");
  });
});

test("several make one layout at once, also where one was killed as it began", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "layout");
  mkdirSync(path);
  writeFileSync(join(path, `index.json.123-${crypto.randomUUID()}.tmp`), "{");
  await Promise.all(Array.from({ length: 10 }, () => layoutAt(path)));
  expect(readdirSync(path)).toContain("oci-layout");
});
