import { expect, test } from "bun:test";
import { PageClient } from "../../src/ui/page-client.ts";
import {
  findDigest,
  isDownloadable,
  readConfig,
  readManifest,
  readReferrer,
  readReferrers,
} from "../../src/ui/read-image.ts";

const { signal } = new AbortController();
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const content = (letter: string, fields: Record<string, unknown> = {}) => ({
  mediaType: "application/vnd.oci.image.config.v1+json",
  digest: digest(letter),
  size: 20,
  ...fields,
});

/** A client of a registry that has these paths below /v2/team/app/; everything else is 404. */
function clientOf(paths: Readonly<Record<string, string | Response>>): PageClient {
  return new PageClient({
    fetch: async (path) => {
      const found = paths[path.replace("/v2/team/app/", "")];
      if (found instanceof Response) return found;
      if (found === undefined) return Response.json({ errors: [{ code: "MANIFEST_UNKNOWN" }] }, { status: 404 });
      return new Response(found, { headers: { "docker-content-digest": digest("d"), "content-type": "m/type" } });
    },
    now: () => 0,
    prefix: "/",
    tokenServer: "",
    onExpired: () => {},
  });
}

const place = { name: "team/app", reference: "v1" };
const manifest = (fields: unknown) => ({ "manifests/v1": JSON.stringify(fields) });

test("readManifest() gives digest, text and document", async () => {
  const text = JSON.stringify({ layers: [] });
  expect(await readManifest(clientOf({ "manifests/v1": text }), place, signal)).toMatchObject({
    digest: digest("d"),
    text,
    document: { kind: "image", mediaType: "m/type" },
  });
});

test("readManifest() refuses one that is larger than a manifest may be", async () => {
  const client = clientOf({ "manifests/v1": " ".repeat(4 * 1024 * 1024 + 1) });
  await expect(readManifest(client, place, signal)).rejects.toMatchObject({ status: 413 });
});

test("findDigest() tells where a tag leads, and that it is gone", async () => {
  expect([await findDigest(clientOf(manifest({})), place), await findDigest(clientOf({}), place)]).toEqual([
    digest("d"),
    undefined,
  ]);
  const refused = clientOf({ "manifests/v1": Response.json({}, { status: 503 }) });
  await expect(findDigest(refused, place)).rejects.toMatchObject({ status: 503 });
});

const configOf = async (config: unknown, blob: string | Response) => {
  const client = clientOf({ ...manifest({ config, layers: [] }), [`blobs/${digest("c")}`]: blob });
  const { document } = await readManifest(client, place, signal);
  if (document === undefined) throw new Error("it is a manifest");
  return await readConfig(client, { name: "team/app", manifest: document }, signal);
};

test("readConfig() reads an image's configuration, and shows others as they are", async () => {
  const text = '{"os":"linux","architecture":"amd64"}';
  expect([
    await configOf(content("c"), text),
    await configOf(content("c", { mediaType: "application/vnd.cncf.helm.config.v1+json" }), text),
    await configOf(content("c"), "no JSON"),
    await configOf(undefined, ""),
  ]).toMatchObject([
    { kind: "known", document: { platform: "linux/amd64" } },
    { kind: "other", text },
    { kind: "other", text: "no JSON" },
    undefined,
  ]);
});

test("readConfig() does not fetch what says that it is large, nor reads what is without saying so", async () => {
  const large = "x".repeat(2 * 1024 * 1024);
  expect([
    await configOf(content("c", { size: 4 * 1024 ** 3 }), Response.error()),
    await configOf(content("c", { size: 2 }), large),
  ]).toEqual([
    { kind: "tooLarge", sizeBytes: 4 * 1024 ** 3 },
    { kind: "tooLarge", sizeBytes: 2 },
  ]);
});

test("readReferrers() lists what refers to an image", async () => {
  const index = JSON.stringify({ manifests: [content("s", { artifactType: "a/sbom" })] });
  const client = clientOf({ [`referrers/${digest("d")}`]: index });
  expect(await readReferrers(client, { ...place, reference: digest("d") }, signal)).toMatchObject([
    { artifactType: "a/sbom", digest: digest("s") },
  ]);
});

test("readReferrer() gives the only layer, or the manifest of what has several", async () => {
  const title = { annotations: { "org.opencontainers.image.title": "sbom.json" } };
  const two = { layers: [content("1"), content("2")] };
  const one = clientOf({ ...manifest({ layers: [content("1", title)] }), [`blobs/${digest("1")}`]: "an SBOM" });
  const read = async (client: PageClient) => {
    const found = await readReferrer(client, place);
    return [new TextDecoder().decode(found.bytes), found.title];
  };
  expect([await read(one), await read(clientOf(manifest(two)))]).toEqual([
    ["an SBOM", "sbom.json"],
    [JSON.stringify(two), undefined],
  ]);
  expect([isDownloadable(1), isDownloadable(1024 ** 3)]).toEqual([true, false]);
});
