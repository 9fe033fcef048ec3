// Where anything lies: the storage tree of distribution (registry:2 and registry:3), with our own files where the
// other registries do not look. A directory that they wrote is served at once, and they serve one that we wrote.
//
//   docker/registry/v2/
//     blobs/<alg>/<hh>/<hex>/data                             bytes of a layer, a config or a manifest
//     repositories/<name>/
//       _layers/<alg>/<hex>/link                              this repository may serve this blob
//       _manifests/revisions/<alg>/<hex>/link                 this repository holds this manifest
//       _manifests/tags/<tag>/current/link                    what the tag points to
//       _manifests/tags/<tag>/index/<alg>/<hex>/link          what the tag has ever pointed to
//       _manifests/tags/<tag>/pulled                          ours: when the tag was last pulled
//       _referrers/<alg>/<subject>/<alg>/<hex>/link           ours: this manifest names that subject
//       _referrers/.read                                      ours, where there are no directories: up to when all were read
//       _deleted/<alg>/<hex>/link                             ours: a client had this blob or manifest deleted
//       _deleting                                             ours: the manifest whose tags are to be deleted with it
//       _uploads/<uuid>/{data,startedat,owner}                an upload session; in a bucket {session,tail-…,data-…,owner}
//       _upstream                                             ours: the registry that this repository is cached from
//   proxy/<alg>-<hex>-<upstream>                              ours: a blob on its way from an upstream registry; in a bucket,
//                                                             which node fetches it
//   gc/pulls                                                  ours: since when pulls are recorded
//   gc/moved/<hex>                                            ours: the tags of a repository that were moved lately
//   gc/{last-collection,last-check}                           ours: when one last ended, and what it counted
//   catalog/<name>                                            ours, where there are no directories: a repository, with "!" for "/"
//   catalog/.complete                                         and that each repository has such an entry
//
//   <alg> is sha256 or sha512, <hex> the hash in lower case, <hh> its first two digits; <upstream> is the beginning of the
//   hash of its address.
//   A link holds exactly "<alg>:<hex>", without a newline. Every "/" of a name is a directory level.
import { type Algorithm, type Digest, digestAlgorithm, digestHex, parseDigest } from "../oci/digest.ts";
import { hashBytes } from "../oci/hash.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import { catalogPlace, collectorPlace, sharedPlace, transfersPlace } from "../storage/places.ts";
import type { Key } from "../storage/ports.ts";

const root = sharedPlace;

/** The prefix of all repositories. */
export const repositoriesPrefix: Key = `${root}/repositories`;

/** The prefix of all blobs. */
export const allBlobsPrefix: Key = `${root}/blobs`;

/** Names that a repository's own directories start with; no repository name does. */
export const reservedPrefix = "_";

const layersDirectory = "_layers";
const manifestsDirectory = "_manifests";
const uploadsDirectory = "_uploads";
const referrersDirectory = "_referrers";
const deletedDirectory = "_deleted";

/** Whether a directory of this name tells that it lies in a repository. */
export function isOwnDirectory(name: string): boolean {
  return [layersDirectory, manifestsDirectory, uploadsDirectory, referrersDirectory, deletedDirectory].includes(name);
}

function hashPath(digest: Digest): string {
  return `${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

function stripedPath(digest: Digest): string {
  const hex = digestHex(digest);
  return `${digestAlgorithm(digest)}/${hex.slice(0, 2)}/${hex}`;
}

/** The bytes of a blob or manifest. */
export function blobKey(digest: Digest): Key {
  return `${root}/blobs/${stripedPath(digest)}/data`;
}

/** The digest whose bytes belong under a key; undefined if no blob does. */
export function digestOfBlobKey(key: Key): Digest | undefined {
  const [algorithm = "", _stripe, hex = ""] = key.slice(allBlobsPrefix.length + 1).split("/");
  const digest = digestFromPath(algorithm, hex);
  return digest !== undefined && blobKey(digest) === key ? digest : undefined;
}

/** Everything of one repository. */
export function repositoryPrefix(name: RepositoryName): Key {
  return `${repositoriesPrefix}/${name}`;
}

/** The prefix of the blobs of one algorithm; below it they are grouped by the first digits of the hash. */
export function blobsPrefix(algorithm: Algorithm): Key {
  return `${allBlobsPrefix}/${algorithm}`;
}

/** Where a repository's links lie. By prefix, as a collector counts links also where no repository may be. */
export function linkPrefixes(repository: Key) {
  const manifests = `${repository}/${manifestsDirectory}`;
  return {
    layers: `${repository}/${layersDirectory}`,
    revisions: `${manifests}/revisions`,
    tags: `${manifests}/tags`,
    uploads: `${repository}/${uploadsDirectory}`,
  };
}

/** The links of a digest in a repository: as a blob, and as a manifest. */
export function linksOf(repository: Key, digest: Digest): readonly [layer: Key, revision: Key] {
  const { layers, revisions } = linkPrefixes(repository);
  return [`${layers}/${hashPath(digest)}/link`, `${revisions}/${hashPath(digest)}/link`];
}

/** The blobs that the repository may serve. */
export function layersPrefix(name: RepositoryName): Key {
  return `${repositoryPrefix(name)}/${layersDirectory}`;
}

/** Manifests and tags; a repository is listed in the catalog when it has this. */
export function manifestsPrefix(name: RepositoryName): Key {
  return `${repositoryPrefix(name)}/${manifestsDirectory}`;
}

/** The index of manifests by subject. */
export function referrersPrefix(name: RepositoryName): Key {
  return `${repositoryPrefix(name)}/${referrersDirectory}`;
}

/** The upload sessions. */
export function uploadsPrefix(name: RepositoryName): Key {
  return `${repositoryPrefix(name)}/${uploadsDirectory}`;
}

/** What clients had deleted. */
export function deletedPrefix(name: RepositoryName): Key {
  return `${repositoryPrefix(name)}/${deletedDirectory}`;
}

/**
 * Records that a client deleted the blob or manifest: what needs it is broken on purpose, not damaged. Counts only while
 * it is not linked.
 */
export function deletedLink(name: RepositoryName, digest: Digest): Key {
  return `${deletedPrefix(name)}/${hashPath(digest)}/link`;
}

/** The manifest that is being deleted with its tags. Counts only while it is not linked. */
export function deletingKey(name: RepositoryName): Key {
  return `${repositoryPrefix(name)}/_deleting`;
}

/** The marker of a cached repository: it holds the URL of the upstream, and its time is when that was last asked. */
export function upstreamKey(name: RepositoryName): Key {
  return `${repositoryPrefix(name)}/_upstream`;
}

/** The link of a blob in a repository. */
export function layerLink(name: RepositoryName, digest: Digest): Key {
  return `${layersPrefix(name)}/${hashPath(digest)}/link`;
}

/** The prefix of the revisions of one algorithm, each below its hash. */
export function revisionsPrefix(name: RepositoryName): Key {
  return `${manifestsPrefix(name)}/revisions`;
}

/** The link of a manifest in a repository. */
export function revisionLink(name: RepositoryName, digest: Digest): Key {
  return `${revisionsPrefix(name)}/${hashPath(digest)}/link`;
}

/** The prefix of all tags. */
export function tagsPrefix(name: RepositoryName): Key {
  return `${manifestsPrefix(name)}/tags`;
}

/** Everything of one tag. */
export function tagPrefix(name: RepositoryName, tag: Tag): Key {
  return `${tagsPrefix(name)}/${tag}`;
}

/** What the tag points to now. */
export function tagCurrentLink(name: RepositoryName, tag: Tag): Key {
  return `${tagPrefix(name, tag)}/current/link`;
}

/** Its time is when the tag was last pulled. */
export function tagPulledKey(name: RepositoryName, tag: Tag): Key {
  return `${tagPrefix(name, tag)}/pulled`;
}

/** As old as the records of pulls in this store. */
export const pullsKey: Key = "gc/pulls";

/** Everything that the tag has ever pointed to. */
export function tagIndexPrefix(name: RepositoryName, tag: Tag): Key {
  return `${tagPrefix(name, tag)}/index`;
}

/** Records that the tag has pointed to this manifest. */
export function tagIndexLink(name: RepositoryName, tag: Tag, digest: Digest): Key {
  return `${tagIndexPrefix(name, tag)}/${hashPath(digest)}/link`;
}

/** The referrers of one subject. */
export function subjectPrefix(name: RepositoryName, subject: Digest): Key {
  return `${referrersPrefix(name)}/${hashPath(subject)}`;
}

/** Records that this manifest names that subject. */
export function referrerLink(name: RepositoryName, subject: Digest, digest: Digest): Key {
  return `${subjectPrefix(name, subject)}/${hashPath(digest)}/link`;
}

/** The prefix of blobs that are arriving from an upstream registry. */
export const transfersPrefix: Key = transfersPlace;

/** The blobs that eviction has unlinked but not yet freed, so that none is left behind if it is killed in between. */
export const evictingKey: Key = `${transfersPrefix}/eviction/pending`;

/** Which blob is arriving, and from where. */
export interface TransferOrigin {
  readonly digest: Digest;
  /** The upstream's address. */
  readonly upstream: string;
}

/** An arriving blob. Each upstream has its own: what one of them sends under a digest says nothing about another. */
export function transferKey({ digest, upstream }: TransferOrigin): Key {
  const address = digestHex(hashBytes(new TextEncoder().encode(upstream), "sha256")).slice(0, 16);
  return `${transfersPrefix}/${digestAlgorithm(digest)}-${digestHex(digest)}-${address}`;
}

/** How the last run over the whole store ended. */
export function lastRunKey(kind: "collection" | "check"): Key {
  return `${collectorPlace}/last-${kind}`;
}

/** The log of moved tags of the repository whose name has this hash. */
export function moveLogKey(hashOfName: Digest): Key {
  return `${collectorPlace}/moved/${digestHex(hashOfName)}`;
}

/** Below it, each repository has an entry, in the order of the catalog: "!" comes before everything that a name is made of. */
export const catalogPrefix: Key = catalogPlace;

/** Says that every repository has an entry. */
export const catalogCompleteKey: Key = `${catalogPrefix}/.complete`;

/** The entry of a repository, or where it would be of what is no name. */
export function catalogKey(name: string): Key {
  return `${catalogPrefix}/${name.replaceAll("/", "!")}`;
}

/** Up to when the repository's manifests were read for the index of referrers. */
export function referrersReadKey(name: RepositoryName): Key {
  return `${referrersPrefix(name)}/.read`;
}

/** One upload session. */
export function uploadPrefix(name: RepositoryName, id: string): Key {
  return `${uploadsPrefix(name)}/${id}`;
}

/** The bytes of an upload session. */
export function uploadKey(name: RepositoryName, id: string): Key {
  return `${uploadPrefix(name, id)}/data`;
}

/** The digest spelled by names of a listing; undefined if another program left something else there. */
export function digestFromPath(algorithm: string, hex: string): Digest | undefined {
  return parseDigest(`${algorithm}:${hex}`);
}
