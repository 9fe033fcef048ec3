// A repository of another registry as a destination.
import { pushBlob } from "../client/push-blob.ts";
import { listUnderTag, pushManifest } from "../client/push-manifest.ts";
import { withRetries } from "../client/retry.ts";
import { dropSession, openSession, type PushTarget, pushScopes } from "../client/upload-session.ts";
import { parseLength } from "../client/upstream-answer.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { Reference } from "../oci/reference.ts";
import { readManifest } from "./manifest.ts";
import type { DestinationPlace, ManifestRole, WholeManifest } from "./place.ts";
import { type RemoteRepository, remoteSource } from "./remote-source.ts";
import { verified } from "./verified.ts";

/** Puts images into this repository. */
export function remoteDestination(repository: RemoteRepository): DestinationPlace {
  const { api, name } = repository;
  const { client } = api;
  const target: PushTarget = { client, name, now: repository.now };
  const digestOf = async (reference: Reference): Promise<Digest | undefined> => {
    const found = await api.headManifest(name, reference);
    if (found === undefined || found.digest !== undefined) return found?.digest;
    return (await api.getManifest(name, reference))?.digest;
  };
  return {
    label: `${client.host}/${name}`,
    home: { registry: client.host, name },
    isComplete: true,
    hasBlob: (blob) => hasBlob(repository, blob),
    ...blobWrites(repository, target),
    hasManifest: async (digest, { subject }) =>
      (await digestOf({ kind: "digest", digest })) === digest &&
      // A copy that was interrupted may have pushed it, and not listed it.
      (subject === undefined || (await isListed(repository, { subject, digest }).catch(() => false))),
    tagged: (tag) => digestOf({ kind: "tag", tag }),
    putManifest: (manifest, role) => put(repository, target, { manifest, role }),
    finish: async () => {},
    abandon: async () => {},
  };
}

async function hasBlob(
  { api: { client }, name, patience }: RemoteRepository,
  { digest, sizeBytes }: { readonly digest: Digest; readonly sizeBytes: number },
): Promise<boolean> {
  const request = { method: "HEAD", path: `${name}/blobs/${digest}`, scopes: pushScopes(name) } as const;
  const answer = await withRetries(() => client.find({ ...request, signal: patience.signal }), patience);
  const length = answer === undefined ? undefined : parseLength(answer.headers.get("content-length"));
  return answer !== undefined && (length === undefined || length === sizeBytes);
}

function blobWrites(
  { patience }: RemoteRepository,
  target: PushTarget,
): Pick<DestinationPlace, "mountBlob" | "putBlob"> {
  /** Opened by mounts that came to nothing: the upload that follows uses them. */
  const sessions = new Map<Digest, URL>();
  return {
    mountBlob: async ({ digest }, from) => {
      const mount = { digest, from };
      const opened = await withRetries(() => openSession(target, { mount, signal: patience.signal }), patience);
      if (opened.kind === "mounted") return true;
      const earlier = sessions.get(digest);
      if (earlier !== undefined) await dropSession(target, earlier, patience.signal);
      sessions.set(digest, opened.location);
      return false;
    },
    putBlob: async (blob, { read, signal }) => {
      const session = sessions.get(blob.digest);
      sessions.delete(blob.digest);
      await pushBlob(target, {
        ...blob,
        session,
        signal,
        pauseMs: patience.pauseMs,
        read: ({ offset, hash }) => verified(read({ offset, signal }), blob, hash),
      });
    },
  };
}

async function isListed(
  repository: RemoteRepository,
  { subject, digest }: { readonly subject: Digest; readonly digest: Digest },
): Promise<boolean> {
  for await (const referrer of remoteSource(repository).referrers(subject)) if (referrer === digest) return true;
  return false;
}

async function put(
  { api, patience }: RemoteRepository,
  target: PushTarget,
  { manifest, role }: { readonly manifest: WholeManifest; readonly role: ManifestRole },
): Promise<void> {
  const { tags } = role;
  const { listsReferrers } = await pushManifest(target, manifest, { tags, patience });
  const [tag] = tags;
  if (tag !== undefined && manifest.digest.startsWith("sha512:")) await requireTag(api, target, { tag, manifest });
  const { subject, artifactType, annotations } = await readManifest(manifest);
  if (subject === undefined || listsReferrers) return;
  const referrer = {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  await listUnderTag(api, target, { subject: subject.digest, referrer, patience });
}

/** A registry before version 1.1 of the spec takes no tag beside a digest. */
async function requireTag(
  api: RemoteRepository["api"],
  { name, client }: PushTarget,
  { tag, manifest }: { readonly tag: ManifestRole["tags"][number]; readonly manifest: WholeManifest },
): Promise<void> {
  const found = await api.headManifest(name, { kind: "tag", tag });
  if (found?.digest === manifest.digest) return;
  throw new RegistryError("UNSUPPORTED", {
    message: `${client.host} cannot give the tag ${tag} to a manifest with a SHA-512 digest`,
  });
}
