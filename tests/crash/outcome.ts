// What a registry shows, held against what may be seen: every difference in a sentence.

import { digestOf } from "../e2e/image.ts";
import type { Served } from "./client.ts";
import type { Content, Expectations, OpenUpload } from "./expectations.ts";

interface Descriptor {
  readonly digest: string;
}

interface ManifestBody {
  readonly mediaType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

/** Everything that the registry shows and that may not be seen. */
export async function findDifferences(registry: Served, seen: Expectations): Promise<readonly string[]> {
  return [
    ...(await checkTags(registry, seen)),
    ...(await checkManifests(registry, seen)),
    ...(await checkBlobs(registry, seen)),
  ];
}

async function checkTags(registry: Served, { tags }: Expectations): Promise<readonly string[]> {
  const problems: string[] = [];
  const listed = new Map<string, readonly string[]>();
  for (const tagName of tags.names) {
    const [name = "", tag = ""] = tagName.split(":");
    const list = listed.get(name) ?? (await listTags(registry, name));
    listed.set(name, list);
    const response = await registry.fetch(`/v2/${name}/manifests/${tag}`);
    const digest = response.status === 404 ? undefined : response.headers.get("docker-content-digest");
    const bytes = await response.bytes();
    const possible = [...tags.of(tagName)].map(String);
    if (response.status !== 404 && response.status !== 200) problems.push(`${tagName} answers ${response.status}`);
    if (!possible.includes(String(digest))) problems.push(`${tagName} is ${digest}, not ${possible.join(" or ")}`);
    if (list.includes(tag) !== (response.status === 200)) problems.push(`${tagName}: list and GET do not agree`);
    if (response.status !== 200) continue;
    const { mediaType } = JSON.parse(new TextDecoder().decode(bytes)) as ManifestBody;
    const type = response.headers.get("content-type");
    if (type !== mediaType) problems.push(`${tagName} is served as ${type}, not ${mediaType}`);
    problems.push(...(await checkWhole(registry, name, bytes)));
  }
  for (const [name, list] of listed) {
    for (const tag of list)
      if (!tags.names.includes(`${name}:${tag}`)) problems.push(`${name}:${tag} came from nowhere`);
  }
  return problems;
}

async function listTags(registry: Served, name: string): Promise<readonly string[]> {
  const response = await registry.fetch(`/v2/${name}/tags/list`);
  if (response.status === 404) return [];
  return ((await response.json()) as { tags: string[] | null }).tags ?? [];
}

/** An image is whole when each of its parts is there and hashes to its digest. */
async function checkWhole(registry: Served, name: string, bytes: Uint8Array): Promise<readonly string[]> {
  const { config, layers = [], manifests = [] } = JSON.parse(new TextDecoder().decode(bytes)) as ManifestBody;
  const problems: string[] = [];
  for (const { digest } of [...(config === undefined ? [] : [config]), ...layers]) {
    const response = await registry.fetch(`/v2/${name}/blobs/${digest}`);
    if (digestOf(await response.bytes()) !== digest) problems.push(`${name}: blob ${digest} is ${response.status}`);
  }
  for (const { digest } of manifests) {
    const response = await registry.fetch(`/v2/${name}/manifests/${digest}`);
    const child = await response.bytes();
    if (digestOf(child) !== digest) problems.push(`${name}: child ${digest} is ${response.status}`);
    else problems.push(...(await checkWhole(registry, name, child)));
  }
  return problems;
}

async function checkManifests(registry: Served, { manifests }: Expectations): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const place of manifests.names) {
    const [name = "", digest = ""] = place.split("@");
    const bytes = await getThere(registry, `/v2/${name}/manifests/${digest}`);
    problems.push(...compare(place, bytes, manifests.of(place)));
    if (bytes === undefined) continue;
    problems.push(...(await checkWhole(registry, name, bytes)));
    problems.push(...(await checkReferrer(registry, { name, digest, bytes })));
  }
  return problems;
}

async function checkReferrer(
  registry: Served,
  manifest: { readonly name: string; readonly digest: string; readonly bytes: Uint8Array },
): Promise<readonly string[]> {
  const { name, digest } = manifest;
  const { subject } = JSON.parse(new TextDecoder().decode(manifest.bytes)) as { subject?: Descriptor };
  if (subject === undefined || registry.hasReferrers === false) return [];
  const response = await registry.fetch(`/v2/${name}/referrers/${subject.digest}`);
  const { manifests } = (await response.json()) as { manifests: readonly Descriptor[] };
  const isListed = manifests.some((referrer) => referrer.digest === digest);
  return isListed ? [] : [`${name}: ${digest} is no referrer of ${subject.digest}`];
}

async function checkBlobs(registry: Served, { blobs }: Expectations): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const place of blobs.names) {
    const [name, digest] = place.split("@");
    problems.push(...compare(place, await getThere(registry, `/v2/${name}/blobs/${digest}`), blobs.of(place)));
  }
  return problems;
}

/** The bytes, undefined where there are none; an answer that is neither is shown by bytes that cannot be right. */
async function getThere(registry: Served, path: string): Promise<Uint8Array | undefined> {
  const response = await registry.fetch(path);
  const bytes = await response.bytes();
  if (response.status === 404) return undefined;
  return response.status === 200 ? bytes : new TextEncoder().encode(`answer ${response.status}`);
}

function compare(place: Content, bytes: Uint8Array | undefined, possible: ReadonlySet<boolean>): readonly string[] {
  if (bytes === undefined) return possible.has(false) ? [] : [`${place} is not there`];
  if (!place.endsWith(`@${digestOf(bytes)}`)) return [`${place} is damaged`];
  return possible.has(true) ? [] : [`${place} came back`];
}

/** What a session shows after a stop: how far it is, or undefined where it is gone. */
export async function askUpload(registry: Served, upload: OpenUpload): Promise<number | undefined> {
  const response = await registry.fetch(upload.location);
  if (response.status === 404) return undefined;
  const range = response.headers.get("range") ?? "";
  if (response.status !== 204) throw new Error(`session: ${response.status}`);
  const end = Number(/^0-(\d+)$/.exec(range)?.[1]);
  return end === 0 ? 0 : end + 1;
}
