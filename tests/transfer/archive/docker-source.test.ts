// What docker save wrote before it wrote layouts.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Content } from "../../../src/lib/content.ts";
import { openDockerSource } from "../../../src/transfer/archive/docker-source.ts";
import { openTarFiles } from "../../../src/transfer/archive/tar-files.ts";
import { codeOf } from "../../registry/refused.ts";
import { digestOf, pullImage, stocked, tagged } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { copied, destinationIn } from "../copying.ts";
import { type RawEntry, writeTar } from "./tars.ts";

const config = JSON.stringify({
  os: "linux",
  architecture: "amd64",
  rootfs: { type: "layers", diff_ids: [digestOf("layer one"), digestOf("layer two")] },
});
const image = { Config: "c.json", RepoTags: ["team/app:v1"], Layers: ["1/layer.tar", "2/layer.tar"] };
const files: readonly RawEntry[] = [
  { path: "1/layer.tar", text: "layer one" },
  { path: "3/layer.tar", text: "layer two" },
  { path: "2/layer.tar", type: "SymbolicLink", linkpath: "../3/layer.tar" },
  { path: "c.json", text: config },
];

async function opened(entries: readonly RawEntry[]) {
  const directory = temporaryDirectory();
  const path = join(directory.path, "it.tar");
  writeTar(path, entries);
  const source = openDockerSource(await openTarFiles(path, "it.tar"));
  return { source: await source.finally(() => undefined), [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

const manifest = (value: unknown): RawEntry => ({ path: "manifest.json", text: JSON.stringify(value) });

describe("an archive of docker", () => {
  test("becomes an image of its bytes as they are", async () => {
    using archive = await opened([...files, manifest([image])]);
    const to = stocked();
    const { digest } = await copied(archive.source, await destinationIn(to, "app"));
    expect(await pullImage(to, "app", tagged("v1"))).toBe(true);
    const { bytes } = (await archive.source.manifest({ kind: "digest", digest })) ?? {};
    const { layers } = JSON.parse(new TextDecoder().decode(bytes)) as { layers: object[] };
    expect(layers[1]).toEqual({
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      digest: digestOf("layer two"),
      size: 9,
    });
    expect(archive.source.named("team/app:v1").digest).toBe(digest);
  });

  test("whose layers are not what its configuration says is refused as it is copied", async () => {
    using archive = await opened([{ path: "1/layer.tar", text: "layer xxx" }, ...files.slice(1), manifest([image])]);
    expect(await codeOf(copied(archive.source, await destinationIn(stocked(), "app")))).toBe("DIGEST_INVALID");
  });

  test("with compressed layers says so in their types", async () => {
    const gzip = Buffer.from([0x1f, 0x8b]).toString("latin1");
    using archive = await opened([
      { path: "l", text: gzip },
      { path: "c", text: "no json" },
      manifest([{ Config: "c", Layers: ["l"] }]),
    ]);
    const { digest } = archive.source.only();
    const { bytes } = (await archive.source.manifest({ kind: "digest", digest })) ?? {};
    expect(new TextDecoder().decode(bytes)).toContain("application/vnd.oci.image.layer.v1.tar");
  });

  test.each([
    [[manifest([image])], "it.tar: c.json is missing"],
    [[...files.slice(3), manifest([image])], "it.tar: 1/layer.tar is missing"],
    [files, "it.tar: it has no manifest.json; is it from `docker save`?"],
    [[{ path: "manifest.json", text: "{" }], "it.tar: manifest.json is not JSON"],
  ])("that is missing something is refused", async (entries, message) => {
    await expect(opened(entries)).rejects.toThrow(message);
  });
});

test("a list of images that is too large is not read", async () => {
  const read: string[] = [];
  const content = { sizeBytes: 17 * 1024 * 1024, stream: () => read.push("read") } as unknown as Content;
  const opening = openDockerSource({
    label: "it.tar",
    open: async (name) => (name === "manifest.json" ? content : undefined),
  });
  expect([await codeOf(opening), read]).toEqual(["MANIFEST_INVALID", []]);
});
