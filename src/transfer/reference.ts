// References: where an image is, as people write it. Pure.
//
//   reference ::= store | registry | "oci:" DIR [":" TAG | "@" digest] | "oci-archive:" FILE [":" TAG | "@" digest]
//               | "docker-archive:" FILE [":" TAG]
//   store     ::= ["/"] name [":" tag] ["@" digest]              this machine's store
//   registry  ::= ["docker://"] host "/" name [":" tag] ["@" digest]
//
// As docker has it, the first component is a host where it has a dot or a colon, or is "localhost"; a slash before a
// name of this store says that it is none. A tag beside a digest is for readers: the digest decides.
import { type Digest, parseDigest } from "../oci/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/name.ts";
import { parseTag, type Reference } from "../oci/reference.ts";
import { isHost, normalizeHost } from "./host.ts";

/** Where images are. */
export type ImageReference =
  | { readonly kind: "store"; readonly name: RepositoryName; readonly reference: Reference | undefined }
  | {
      readonly kind: "registry";
      /** With its port if it has one; "docker.io" for Docker Hub. */
      readonly host: string;
      readonly name: RepositoryName;
      readonly reference: Reference | undefined;
    }
  | ArchiveReference;

/** A directory or a file with images in it. */
export interface ArchiveReference {
  readonly kind: ArchiveKind;
  readonly path: string;
  /** The name of one image in it (org.opencontainers.image.ref.name, or one of RepoTags). */
  readonly tag: string | undefined;
  /** The digest of one image in it. */
  readonly digest: Digest | undefined;
}

/** An OCI layout, one in a tar file, and what `docker save` writes. */
export type ArchiveKind = "oci" | "oci-archive" | "docker-archive";

/** Names and tags that may hold globs, in a store or a registry. */
export interface ImagePattern {
  /** Undefined: this machine's store. */
  readonly host: string | undefined;
  /** A name or a glob of names; undefined for all. */
  readonly names: string | undefined;
  /** A tag or a glob of tags; undefined if there was none. */
  readonly tags: string | undefined;
  readonly digest: Digest | undefined;
}

/** What was parsed, or a sentence about what is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** Longer than any name with its host, tag and digest, or any path. */
const maxLength = 4352;
const archiveKinds: readonly ArchiveKind[] = ["oci", "oci-archive", "docker-archive"];

/** Parses a reference to one image, or to a place for one. */
export function parseImageReference(text: string): Parsed<ImageReference> {
  const archive = text.length > maxLength ? undefined : parseArchive(text);
  if (archive !== undefined) return archive;
  const parsed = parseImagePattern(text);
  if ("problem" in parsed) return parsed;
  const { host, names, tags, digest } = parsed.value;
  if (names === undefined) return { problem: `${quote(text)} names no repository` };
  const name = parseRepositoryName(names);
  if (name === undefined) return { problem: `${quote(names)} is no repository name` };
  const tag = tags === undefined ? undefined : parseTag(tags);
  if (tags !== undefined && tag === undefined) return { problem: `${quote(tags)} is no tag` };
  const reference: Reference | undefined =
    digest !== undefined ? { kind: "digest", digest } : tag === undefined ? undefined : { kind: "tag", tag };
  return {
    value: host === undefined ? { kind: "store", name, reference } : { kind: "registry", host, name, reference },
  };
}

/** Parses names and tags of a store or a registry, each of which may be a glob. */
export function parseImagePattern(text: string): Parsed<ImagePattern> {
  if (text.length > maxLength) return { problem: "the reference is too long" };
  const isUrl = text.startsWith("docker://");
  const [place, rest] = splitHost(isUrl ? text.slice("docker://".length) : text, isUrl);
  const [named, digestText] = splitOnce(rest, rest.indexOf("@"));
  const [names, tags] = splitOnce(named, named.lastIndexOf(":"));
  const digest = digestText === undefined ? undefined : parseDigest(digestText);
  if (digestText !== undefined && digest === undefined) return { problem: `${quote(digestText)} is no digest` };
  if (tags === "") return { problem: `${quote(text)} ends where its tag should be` };
  if (tags !== undefined && !tagPattern.test(tags)) return { problem: `${quote(tags)} is no tag` };
  if (names !== "" && !namePattern.test(names)) return { problem: `${quote(names)} is no repository name` };
  if (names === "" && (tags ?? digest) !== undefined) return { problem: `${quote(text)} names no repository` };
  const host = place === undefined ? undefined : normalizeHost(place);
  const isOfficial = host === "docker.io" && names !== "" && !names.includes("/") && !names.includes("**");
  return { value: { host, names: names === "" ? undefined : isOfficial ? `library/${names}` : names, tags, digest } };
}

/** A name of the store as it is read back: with a slash before what looks like a host. */
export function formatStoreName(name: string): string {
  const parsed = parseImagePattern(name);
  if (isArchiveText(`${name}:`)) return `/${name}`;
  return "value" in parsed && parsed.value.host === undefined ? name : `/${name}`;
}

/** Whether the text begins as a layout or an archive does; a repository of that name has a slash before it. */
export function isArchiveText(text: string): boolean {
  return archiveKinds.some((kind) => text.startsWith(`${kind}:`));
}

/** Whether a name or a tag is a glob. */
export function isGlob(text: string): boolean {
  return text.includes("*");
}

/** A name with stars in it: what else is wrong with it is found when nothing matches. */
const namePattern = /^[a-z0-9*][a-z0-9._*/-]{0,511}$/;
const tagPattern = /^[\w*][\w.*-]{0,255}$/;

/** The host, and what follows it. */
function splitHost(text: string, isUrl: boolean): readonly [string | undefined, string] {
  if (!isUrl && text.startsWith("/")) return [undefined, text.slice(1)];
  const slash = text.indexOf("/");
  const first = slash < 0 ? text : text.slice(0, slash);
  const rest = slash < 0 ? "" : text.slice(slash + 1);
  // A slash with nothing behind it makes a host of anything.
  const isPlace = isHost(first) && ((slash > 0 && rest === "") || looksLikeHost(first, slash > 0));
  return isPlace ? [first, rest] : [isUrl ? "docker.io" : undefined, text];
}

/** Alone, "app:5000" is a tag of a repository; "registry.example.com" and "localhost:5000" are registries. */
function looksLikeHost(first: string, isFollowed: boolean): boolean {
  if (/^localhost(?::|$)/.test(first)) return true;
  return isFollowed ? /[.:]/.test(first) : /^(?:\[|[^:]*\.)/.test(first);
}

function parseArchive(text: string): Parsed<ArchiveReference> | undefined {
  const kind = archiveKinds.find((each) => text.startsWith(`${each}:`));
  if (kind === undefined) return undefined;
  const rest = text.slice(kind.length + 1);
  const at = kind === "docker-archive" ? -1 : rest.search(/@[a-z0-9]+:[0-9a-f]+$/);
  const [before, digestText] = splitOnce(rest, at);
  const [path, tag] = splitOnce(before, before.indexOf(":"));
  const digest = digestText === undefined ? undefined : parseDigest(digestText);
  if (digestText !== undefined && digest === undefined) return { problem: `${quote(digestText)} is no digest` };
  if (path === "" || path.includes("\0")) return { problem: `${quote(text)} names no path` };
  if (tag === "") return { problem: `${quote(text)} ends where its tag should be` };
  return { value: { kind, path, tag, digest } };
}

/** The text before and after a separator; the second is undefined if there is none. */
function splitOnce(text: string, at: number): readonly [string, string | undefined] {
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
