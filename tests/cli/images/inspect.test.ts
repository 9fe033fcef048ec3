import { expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { digestOf, pushImage, putManifest } from "../../registry/stocked.ts";
import { linesOf, pushMulti, pushRunnable, run, stockDirectory } from "./served.ts";

const config = {
  os: "linux",
  architecture: "amd64",
  created: "2020-01-02T03:04:05Z",
  config: {
    Entrypoint: ["/bin/app"],
    Cmd: ["--serve"],
    Env: ["PATH=/bin"],
    ExposedPorts: { "80/tcp": {} },
    User: "nobody",
    Labels: { "org.example": "yes" },
  },
  history: [{ created_by: "COPY app /bin/app" }, { created_by: "ENV", empty_layer: true }],
};

/** An image with a signature, and an index. */
async function stockedWithImages() {
  const directory = await stockDirectory();
  const { stock } = directory;
  const digest = await pushRunnable(stock, "app", { tag: "v1", config, annotations: { note: "a\u001b[2J" } });
  const referrer = await pushImage(stock, "app", { layers: ["sig"], subject: digest as Digest });
  const index = await pushMulti(stock, "app", "latest");
  return { ...directory, digest, referrer, index, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

test("registry inspect tells of an image, the same of the store and over the API", async () => {
  await using directory = await stockedWithImages();
  const host = await directory.serve();
  const local = await run(["inspect", "--data", directory.data, "app:v1"]);
  const remote = await run(["inspect", `${host}/app:v1`]);
  expect(remote.output.replace(`${host}/app`, "app")).toBe(local.output);
  expect(linesOf(local.output)).toEqual([
    "Image | app:v1",
    `Digest | ${directory.digest}`,
    "Type | application/vnd.oci.image.manifest.v1+json",
    expect.stringMatching(/^Size \| \d+ B$/),
    "Platform | linux/amd64",
    expect.stringMatching(/^Created \| 2020-01-02T03:04:05\.000Z \(\d+ years ago\)$/),
    "Configuration",
    'entrypoint | ["/bin/app"]',
    'command | ["--serve"]',
    "environment | PATH=/bin",
    "user | nobody",
    "ports | 80/tcp",
    "Layers",
    `${digestOf("layer")} | 5 B | COPY app /bin/app`,
    "Labels",
    "org.example | yes",
    "Annotations",
    "note | a\\u{1b}[2J",
    "Referrers",
    expect.stringMatching(
      new RegExp(`^${directory.referrer} \\| \\d+ B \\| application/vnd.oci.image.config.v1\\+json$`),
    ),
  ]);
});

test("registry inspect tells of an index, and of one platform of it", async () => {
  await using directory = await stockedWithImages();
  const inspect = (...words: string[]) => run(["inspect", "--data", directory.data, ...words]);
  const lines = linesOf((await inspect("app")).output);
  expect(lines.slice(0, 2)).toEqual(["Image | app:latest", `Digest | ${directory.index}`]);
  expect(lines.slice(-3)).toEqual([
    "Manifests",
    expect.stringMatching(/^linux\/amd64 \| sha256:[0-9a-f]{64} \| \d+ B$/),
    expect.stringMatching(/^linux\/arm64 \| sha256:[0-9a-f]{64} \| \d+ B$/),
  ]);
  const child = await inspect("app", "--platform", "linux/arm64");
  expect(linesOf(child.output)).toContain("Platform | linux/arm64");
  expect(await inspect("app", "--platform", "linux/s390x")).toMatchObject({
    code: 1,
    errors: "registry inspect: app:latest has no image for linux/s390x; there are linux/amd64, linux/arm64\n",
  });
});

test("nothing of a stranger's index controls a terminal, whatever is asked", async () => {
  await using directory = await stockDirectory();
  const digest = await pushImage(directory.stock, "app", {});
  const size = (await run(["inspect", "--data", directory.data, `app@${digest}`, "--raw"])).output.length;
  const child = { mediaType: "application/vnd.oci.image.manifest.v1+json", size };
  const platform = { os: "linux\u001b[2J", architecture: "\u009b31m" };
  const annotations = { note: "\u009b2J\u202e" };
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const manifests = [{ ...child, digest, platform }];
  const manifest = { schemaVersion: 2, mediaType, manifests, annotations };
  await putManifest(directory.stock, "app", { tag: "latest", manifest });
  for (const words of [[], ["--json"], ["--platform", "linux/s390x"]]) {
    const { output, errors } = await run(["inspect", "--data", directory.data, "app", ...words]);
    expect(`${output}${errors}`).toContain("31m");
    expect(`${output}${errors}`).not.toMatch(/[^\P{C}\n]/u);
  }
  const listed = await run(["ls", "--data", directory.data, "app", "--json"]);
  expect(listed.output).not.toMatch(/[^\P{C}\n]/u);
});

test("registry inspect prints the bytes, or JSON", async () => {
  await using directory = await stockedWithImages();
  const inspect = (...words: string[]) => run(["inspect", "--data", directory.data, ...words]);
  const { output } = await inspect(`app@${directory.digest}`, "--raw");
  expect(`sha256:${Bun.CryptoHasher.hash("sha256", output, "hex")}`).toBe(directory.digest);
  expect(JSON.parse((await inspect("app:v1", "--json")).output)).toMatchObject({
    image: "app:v1",
    digest: directory.digest,
    platforms: ["linux/amd64"],
    created: "2020-01-02T03:04:05.000Z",
    config: { entrypoint: ["/bin/app"], labels: { "org.example": "yes" } },
    manifest: { schemaVersion: 2 },
    referrers: [{ digest: directory.referrer }],
  });
});

test.each([
  [[], 64, "registry: which image? such as team/app:v1 (see `registry help inspect`)\n"],
  [["app", "app"], 64, 'registry: one image at a time; unexpected "app" (see `registry help inspect`)\n'],
  [["app", "--raw", "--json"], 64, "registry: --raw and --json exclude each other (see `registry help inspect`)\n"],
  [["app:v*"], 64, 'registry: "v*" is no tag (see `registry help inspect`)\n'],
  [["app:none"], 1, "registry inspect: there is no app:none\n"],
])("registry inspect %j", async (words, code, errors) => {
  await using directory = await stockDirectory();
  expect(await run(["inspect", "--data", directory.data, ...words])).toEqual({ code, output: "", errors });
});
