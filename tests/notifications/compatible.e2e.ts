// The same requests to this registry and to those of the CNCF distribution project, and what each of them tells a webhook.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Served } from "../crash/client.ts";
import { startRegistry } from "../e2e/executable.ts";
import { digestOf, withDigest } from "../e2e/image.ts";
import { must, waitUntil } from "../e2e/program.ts";
import { type ForeignKind, foreignKinds, startForeign } from "../interchange/foreign-registry.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const dockerType = "application/vnd.docker.distribution.manifest.v2+json";
const bytesOf = (text: string) => new TextEncoder().encode(text);
const [config, layer] = ['{"architecture":"amd64"}', "layer"].map(bytesOf) as [Uint8Array, Uint8Array];
const describe = (mediaType: string, bytes: Uint8Array, more: object = {}) => {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...more };
};
const layerOf = (more: object = {}) => describe("application/vnd.oci.image.layer.v1.tar+gzip", layer, more);
const image = bytesOf(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe("application/vnd.oci.image.config.v1+json", config),
    layers: [layerOf({ annotations: { b: "<1>&", a: "2" } })],
    annotations: { x: "y" },
  }),
);
const index = bytesOf(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: [
      describe(manifestType, image, {
        platform: { architecture: "arm", os: "linux", variant: "v7" },
        annotations: { k: "v" },
      }),
    ],
  }),
);
const docker = bytesOf(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: dockerType,
    config: describe("application/vnd.docker.container.image.v1+json", config),
    layers: [describe("application/vnd.docker.image.rootfs.diff.tar.gzip", layer)],
  }),
);

interface Step {
  readonly what: string;
  /** How many events follow from it. */
  readonly count: number;
  readonly act: (registry: Served) => Promise<Response>;
}

const ask =
  (method: string, path: string, init: RequestInit = {}) =>
  (registry: Served) =>
    registry.fetch(path, { method, ...init });

async function pushBlob(registry: Served, bytes: Uint8Array): Promise<Response> {
  const opened = await registry.fetch("/v2/team/app/blobs/uploads/", { method: "POST" });
  const location = withDigest(opened.headers.get("location") ?? "", digestOf(bytes));
  const headers = { "Content-Type": "application/octet-stream" };
  return await registry.fetch(location, { method: "PUT", body: bytes as Uint8Array<ArrayBuffer>, headers });
}

function putManifest(reference: string, type: string, body: Uint8Array): Step["act"] {
  const headers = { "Content-Type": type };
  return ask("PUT", `/v2/team/app/manifests/${reference}`, { headers, body: body as Uint8Array<ArrayBuffer> });
}

function stepsFor(kind: ForeignKind): readonly Step[] {
  const blob = `/v2/team/app/blobs/${digestOf(layer)}`;
  const manifest = `/v2/team/app/manifests/${digestOf(image)}`;
  return [
    { what: "push a config", count: 1, act: (registry) => pushBlob(registry, config) },
    { what: "push a layer", count: 1, act: (registry) => pushBlob(registry, layer) },
    { what: "mount", count: 1, act: ask("POST", `/v2/other/blobs/uploads/?mount=${digestOf(layer)}&from=team/app`) },
    { what: "push a tag", count: 1, act: putManifest("v1", manifestType, image) },
    { what: "push it again by digest", count: 1, act: putManifest(digestOf(image), manifestType, image) },
    { what: "pull by tag", count: 1, act: ask("GET", "/v2/team/app/manifests/v1") },
    { what: "look at a tag", count: 1, act: ask("HEAD", "/v2/team/app/manifests/v1") },
    { what: "pull by digest", count: 1, act: ask("GET", manifest) },
    { what: "pull a blob", count: 1, act: ask("GET", blob) },
    { what: "look at a blob", count: 1, act: ask("HEAD", blob) },
    { what: "pull a part of a blob", count: 1, act: ask("GET", blob, { headers: { Range: "bytes=0-1" } }) },
    { what: "push an index", count: 1, act: putManifest("multi", indexType, index) },
    { what: "push what docker pushes", count: 1, act: putManifest("docker", dockerType, docker) },
    // Debian's version cannot delete a tag.
    ...(kind === "docker-registry"
      ? []
      : [{ what: "delete a tag", count: 1, act: ask("DELETE", "/v2/team/app/manifests/v1") }]),
    { what: "delete an index with its tag", count: 2, act: ask("DELETE", `/v2/team/app/manifests/${digestOf(index)}`) },
    { what: "delete a blob", count: 1, act: ask("DELETE", blob) },
  ];
}

/** Carries the steps out; what the receiver got, without what differs from run to run. */
async function record(registry: Served, receiver: Receiver, steps: readonly Step[]): Promise<readonly string[]> {
  let expected = 0;
  for (const { what, count, act } of steps) {
    const { status } = await act(registry);
    if (status >= 400) throw new Error(`${what}: ${status}`);
    expected += count;
    await waitUntil(`the events of "${what}"`, () => receiver.requests.length >= expected);
  }
  return receiver.requests.map(({ text }) => normalize(text));
}

function normalize(text: string): string {
  return text
    .replace(/"id": "[0-9a-f-]{36}"/g, '"id": "ID"')
    .replace(/"instanceID": "[0-9a-f-]{36}"/, '"instanceID": "ID"')
    .replace(/"timestamp": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{0,8}[1-9])?Z"/, '"timestamp": "TIME"')
    .replace(/127\.0\.0\.1:\d+/g, "HOST:PORT")
    .replace(`"addr": "${hostname()}:`, '"addr": "NAME:')
    .replace(/"NAME:\d+"/, '"NAME:PORT"');
}

/** Debian's older version orders some fields differently and leaves more out. */
function withoutEmpty(text: string): unknown {
  return JSON.parse(text, (_, value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const isEmpty = (inner: unknown) => inner === "" || inner === 0;
    // It does not tell platforms.
    return Object.fromEntries(Object.entries(value).filter(([key, inner]) => !isEmpty(inner) && key !== "platform"));
  });
}

/** A registry whose requests carry credentials and a name. */
function asBob({ fetch }: Served): Served {
  const own = { Authorization: `Basic ${btoa("bob:secret")}`, "User-Agent": "test/1" };
  const accept = { Accept: `${manifestType}, ${indexType}, ${dockerType}` };
  return {
    fetch: (path, init = {}) => fetch(path, { ...init, headers: { ...own, ...accept, ...(init.headers as object) } }),
  };
}

test.each(foreignKinds)("tells what %s tells", async (kind) => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "htpasswd");
  writeFileSync(path, await must(["htpasswd", "-nbB", "bob", "secret"]));
  const auth = { htpasswd: { realm: "test", path } };
  using theirs = startReceiver();
  using ours = startReceiver();
  const endpoint = (url: string) => ({ name: "ci", url, timeout: "30s", headers: { "X-Token": ["s3cret"] } });
  const events = { includereferences: true };
  const notifications = { events, endpoints: [endpoint(theirs.url)] };
  const steps = stepsFor(kind);
  const foreign = await startForeign(kind, join(directory.path, "data"), { auth, notifications });
  await using _ending = foreign;
  const want = await record(asBob(foreign), theirs, steps);
  await using registry = await startRegistry({
    args: ["--http"],
    env: {
      REGISTRY_AUTH_HTPASSWD: JSON.stringify(auth.htpasswd),
      REGISTRY_NOTIFICATIONS: JSON.stringify({ events, endpoints: [endpoint(ours.url)] }),
    },
  });
  const got = await record(asBob(registry), ours, steps);
  if (kind === "registry-v3") expect(got).toEqual([...want]);
  else expect(got.map(withoutEmpty)).toEqual(want.map(withoutEmpty));
  expect(got.some((text) => text.includes('"name": "bob"'))).toBe(true);
  const headersOf = ({ requests }: Receiver) => requests.map(({ type, headers }) => [type, headers.get("x-token")]);
  // Debian's version says v1 for the same.
  const theirHeaders = JSON.stringify(headersOf(theirs)).replaceAll("events.v1+json", "events.v2+json");
  expect(JSON.stringify(headersOf(ours))).toBe(theirHeaders);
});
