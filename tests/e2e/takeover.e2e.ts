// The place of registry:2 and registry:3: a directory that they wrote is served at once, and they serve it again after.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { startRegistry } from "./executable.ts";
import { digestOf } from "./image.ts";
import { type OtherRegistryKind, startOtherRegistry, writeSharedConfiguration } from "./other-registry.ts";
import { requireGoProgram, requireProgram } from "./program.ts";

const isThere: Record<OtherRegistryKind, boolean> = {
  "docker-registry": requireProgram("docker-registry", "docker-registry"),
  "registry-v3": requireGoProgram("registry-v3"),
};
const kinds: OtherRegistryKind[] = ["docker-registry", "registry-v3"];

const imageType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const dockerType = "application/vnd.docker.distribution.manifest.v2+json";
const utf8 = (text: string) => new TextEncoder().encode(text);
const descriptor = (mediaType: string, text: string) => ({
  mediaType,
  digest: digestOf(utf8(text)),
  size: utf8(text).length,
});

/** A manifest as far as these tests look into it. */
interface ManifestFields {
  readonly mediaType: string;
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly [field: string]: unknown;
}

type Fetch = (path: string, init?: RequestInit) => Promise<Response>;

/** Stores a blob in the two steps that every registry knows. */
async function pushBlob(fetch: Fetch, name: string, text: string): Promise<void> {
  const started = await fetch(`/v2/${name}/blobs/uploads/`, { method: "POST" });
  const location = started.headers.get("location") ?? "";
  const path = `${location}${location.includes("?") ? "&" : "?"}digest=${digestOf(utf8(text))}`;
  const { status } = await fetch(path, { method: "PUT", body: utf8(text) });
  if (status !== 201) throw new Error(`blob not stored: ${status}`);
}

async function putManifest(fetch: Fetch, path: string, manifest: ManifestFields): Promise<string> {
  const body = JSON.stringify(manifest);
  const headers = { "Content-Type": manifest.mediaType };
  const response = await fetch(`/v2/${path}`, { method: "PUT", headers, body });
  if (response.status !== 201) throw new Error(`${path} not stored: ${response.status} ${await response.text()}`);
  return body;
}

/** An image, an index of it, docker's kind of an image, and an image that refers to the first. */
async function fill(fetch: Fetch, name: string, text: string): Promise<Record<string, string>> {
  const [config, layer] = [`{"os":"linux","of":"${text}"}`, `layer of ${text}`];
  for (const blob of [config, layer]) await pushBlob(fetch, name, blob);
  const image = (mediaType: string, fields: object = {}) => ({
    schemaVersion: 2,
    mediaType,
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    ...fields,
  });
  const tagged = (tag: string) => `${name}/manifests/${tag}`;
  const first = await putManifest(fetch, tagged("v1"), image(imageType));
  const manifests = [{ ...descriptor(imageType, first), platform: { architecture: "amd64", os: "linux" } }];
  const subject = descriptor(imageType, first);
  return {
    v1: first,
    index: await putManifest(fetch, tagged("index"), { schemaVersion: 2, mediaType: indexType, manifests }),
    docker: await putManifest(fetch, tagged("docker"), image(dockerType)),
    signature: await putManifest(fetch, tagged("signature"), image(imageType, { subject })),
  };
}

/** Every byte under every tag is there, with its type. */
async function expectAll(fetch: Fetch, name: string, manifests: Record<string, string>): Promise<void> {
  const list = (await (await fetch(`/v2/${name}/tags/list`)).json()) as { tags: string[] };
  expect(list.tags.toSorted()).toEqual(Object.keys(manifests).toSorted());
  for (const [tag, text] of Object.entries(manifests)) {
    const { mediaType, config, layers = [] } = JSON.parse(text) as ManifestFields;
    const pulled = await fetch(`/v2/${name}/manifests/${tag}`, { headers: { Accept: mediaType } });
    expect([pulled.status, pulled.headers.get("content-type"), await pulled.text()]).toEqual([200, mediaType, text]);
    for (const { digest } of [...(config === undefined ? [] : [config]), ...layers]) {
      const blob = await fetch(`/v2/${name}/blobs/${digest}`);
      expect([blob.status, digestOf(await blob.bytes())]).toEqual([200, digest]);
    }
  }
}

describe.each(kinds)("after %s", (kind) => {
  test.skipIf(!isThere[kind])("everything is served and can be added to, and it can be gone back", async () => {
    using data = temporaryDirectory();
    using home = temporaryDirectory();
    const file = join(home.path, "config.yml");
    writeSharedConfiguration(file, { data: data.path, addr: "127.0.0.1:0" });
    const before = await (async () => {
      await using other = await startOtherRegistry(kind, data.path);
      return await fill(other.fetch, "team/app", "before");
    })();
    const after = await (async () => {
      await using registry = await startRegistry({ data: data.path, args: [file] });
      await expectAll(registry.fetch, "team/app", before);
      expect(await (await registry.fetch("/v2/_catalog")).json()).toEqual({ repositories: ["team/app"] });
      // They keep no index of subjects: it is found in the manifests.
      const subject = digestOf(utf8(before.v1 ?? ""));
      const referrers = await (await registry.fetch(`/v2/team/app/referrers/${subject}`)).json();
      expect(referrers).toMatchObject({ manifests: [{ digest: digestOf(utf8(before.signature ?? "")) }] });
      const added = await fill(registry.fetch, "team/other", "after");
      await fill(registry.fetch, "team/app/nested", "before");
      expect((await registry.fetch("/v2/team/app/manifests/docker", { method: "DELETE" })).status).toBe(202);
      expect(await registry.stop()).toBe(0);
      return added;
    })();
    await using other = await startOtherRegistry(kind, data.path);
    const { docker: _deleted, ...kept } = before;
    await expectAll(other.fetch, "team/app", kept);
    await expectAll(other.fetch, "team/app/nested", before);
    await expectAll(other.fetch, "team/other", after);
    await fill(other.fetch, "team/last", "last");
  });
});
