// A push of a manifest, and of the tag that lists referrers at registries that have no list of them by themselves (OCI
// distribution-spec, "Pushing Manifests with Subject").
import { isRecord } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { hashBytes } from "../oci/hash.ts";
import { ociImageIndex } from "../oci/media-type.ts";
import { formatReference, parseTag, type Reference, type Tag } from "../oci/reference.ts";
import { refusalOfPush } from "./push-answer.ts";
import type { RegistryApi } from "./registry-api.ts";
import { type Patience, withRetries } from "./retry.ts";
import { type PushTarget, pushScopes } from "./upload-session.ts";
import { digestOf } from "./upstream-answer.ts";

/** A manifest to push. */
export interface PushableManifest {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly mediaType: string;
}

/** What the list of referrers says of one. */
export interface ReferrerDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Pushes it under each tag, or without any under its digest; whether the registry lists referrers by itself. */
export async function pushManifest(
  target: PushTarget,
  manifest: PushableManifest,
  { tags, patience }: { readonly tags: readonly Tag[]; readonly patience: Patience },
): Promise<{ readonly listsReferrers: boolean }> {
  const { digest } = manifest;
  const byDigest: Reference = { kind: "digest", digest };
  if (tags.length === 0) return await put(target, { manifest, reference: byDigest, patience });
  let outcome = { listsReferrers: false };
  for (const tag of tags) {
    // Under a tag alone a registry hashes with SHA-256.
    const reference: Reference = digestAlgorithm(digest) === "sha256" ? { kind: "tag", tag } : byDigest;
    const query = reference.kind === "digest" ? `?tag=${tag}` : "";
    outcome = await put(target, { manifest, reference, patience, query });
  }
  return outcome;
}

interface ManifestRequest {
  readonly manifest: PushableManifest;
  readonly reference: Reference;
  readonly patience: Patience;
  readonly query?: string;
}

async function put(target: PushTarget, { manifest, reference, patience, query = "" }: ManifestRequest) {
  const { client, name } = target;
  return withRetries(async () => {
    const answer = await client.send({
      method: "PUT",
      path: `${name}/manifests/${formatReference(reference)}${query}`,
      scopes: pushScopes(name),
      headers: { "Content-Type": manifest.mediaType },
      body: Uint8Array.from(manifest.bytes),
      signal: patience.signal,
    });
    if (answer.status !== 201 && answer.status !== 200 && answer.status !== 202) {
      throw await refusalOfPush(answer, { host: client.host, name, nowMs: target.now() });
    }
    answer.cancel();
    const stored = digestOf(answer);
    if (stored !== undefined && stored !== manifest.digest) {
      throw new RegistryError("UPSTREAM_INVALID", {
        message: `${client.host} stored ${manifest.digest} as ${stored}; it does not keep manifests as they are`,
      });
    }
    return { listsReferrers: answer.headers.get("oci-subject") !== null };
  }, patience);
}

/** Adds the referrer to the tag that lists those of its subject. */
export async function listUnderTag(
  api: RegistryApi,
  target: PushTarget,
  {
    subject,
    referrer,
    patience,
  }: { readonly subject: Digest; readonly referrer: ReferrerDescriptor; readonly patience: Patience },
): Promise<void> {
  const tag = referrersTag(subject);
  const found = await api.getManifest(target.name, { kind: "tag", tag });
  const value: unknown = found === undefined ? {} : JSON.parse(new TextDecoder().decode(found.bytes));
  const listed: readonly unknown[] = isRecord(value) && Array.isArray(value.manifests) ? value.manifests : [];
  if (listed.some((entry) => isRecord(entry) && entry.digest === referrer.digest)) return;
  const index = { schemaVersion: 2, mediaType: ociImageIndex, manifests: [...listed, referrer] };
  const bytes = new TextEncoder().encode(JSON.stringify(index));
  const manifest = { bytes, digest: hashBytes(bytes, "sha256"), mediaType: ociImageIndex };
  await pushManifest(target, manifest, { tags: [tag], patience });
}

/** The spec's name for it: the digest with a dash, cut to what a tag may be long. */
function referrersTag(subject: Digest): Tag {
  const [algorithm = "", hex = ""] = subject.split(":");
  const tag = parseTag(`${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`);
  if (tag === undefined) throw new TypeError(`no tag for ${subject}`);
  return tag;
}
