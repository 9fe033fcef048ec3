// The links of a repository, each compared with its path and with the bytes that it leads to.
import { setTimeout as pause } from "node:timers/promises";
import type { Pace } from "../../lib/pacer.ts";
import { type Digest, digestAlgorithm, parseDigest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Key, Stat } from "../../storage/ports.ts";
import { judgeAlias } from "../aliases.ts";
import { isDeleted } from "../deletions.ts";
import type { DigestSizes } from "../digest-sizes.ts";
import { blobKey, digestFromPath } from "../layout.ts";
import type { Store } from "../store.ts";
import type { Repair, Severity, VerifyFinding } from "./report.ts";

/** What the checks of one repository work with. */
export interface RepositoryCheck {
  readonly store: Store;
  readonly prefix: Key;
  readonly name: RepositoryName;
  /** Whether it is cached from an upstream, so that missing blobs are fetched when they are asked for. */
  readonly isCached: boolean;
  /** Whether nobody writes to the repository meanwhile. */
  readonly isLocked: boolean;
  /** Sizes of blobs that a listing has just shown: these need not be looked for one by one. */
  readonly stored?: Pick<DigestSizes, "get"> | undefined;
  /** Steps aside now and then, so that requests are answered meanwhile. */
  readonly pace?: Pace;
  readonly findings: VerifyFinding[];
}

/** A link, and what it leads to. */
export interface FollowedLink {
  readonly key: Key;
  readonly digest: Digest;
  /** Where the bytes lie; another digest only for sha512 uploads of registry:2. */
  readonly target: Digest;
  /** Undefined if they are nowhere, or if that is unknown. */
  readonly bytes: Location | undefined;
  /** False if the disk cannot read the link; that has been reported. */
  readonly isReadable: boolean;
}

/** Where bytes are: in their place, with what is known of them, or only in the trash. */
export type Location = Pick<Stat, "sizeBytes"> | "in the trash";

/** Adds a finding. */
export function addFinding(
  { name, findings }: RepositoryCheck,
  finding: {
    readonly severity: Severity;
    readonly subject: string;
    readonly problem: string;
    readonly repair?: Repair;
  },
): void {
  findings.push({ kind: "finding", repository: name, repair: undefined, ...finding });
}

/** Follows the links below a prefix, such as `_layers` or `_manifests/revisions`. */
export async function* followLinks(check: RepositoryCheck, prefix: Key): AsyncGenerator<FollowedLink> {
  const { store } = check;
  const refuse = (place: Key) =>
    addFinding(check, { severity: "lost", subject: place, problem: "it is not a directory" });
  for (const algorithm of await store.objects.list(prefix, { others: (name) => refuse(`${prefix}/${name}`) })) {
    const others = (name: string) => refuse(`${prefix}/${algorithm}/${name}`);
    for (const hex of await store.objects.list(`${prefix}/${algorithm}`, { others })) {
      await check.pace?.();
      const key = `${prefix}/${algorithm}/${hex}/link`;
      const digest = digestFromPath(algorithm, hex);
      try {
        const text = await readText(check.store, key, digest);
        // Deletions, also of other registries, leave the directory of the link behind.
        if (text === undefined && !(await store.directory.isObstructed(key))) continue;
        if (text === undefined) yield await passObstacle(check, key, digest);
        else if (digest !== undefined) yield await followOne(check, { key, digest, text });
        else addFinding(check, { severity: "untidy", subject: key, problem: "its path is not a digest" });
      } catch (error) {
        addFinding(check, { severity: "lost", subject: key, problem: `it cannot be read: ${error}` });
        if (digest !== undefined) yield { key, digest, target: digest, bytes: undefined, isReadable: false };
      }
    }
  }
}

/** An obstacle in a link's place hides only what the path says as well: if the bytes exist, the link is rewritten. */
async function passObstacle(check: RepositoryCheck, key: Key, digest: Digest | undefined): Promise<FollowedLink> {
  const problem = "it is not a file";
  // It is unknown whether it was there when a client deleted the digest.
  if (digest === undefined || (await isDeleted(check.store, check.name, digest))) throw new Error(problem);
  const bytes = await locate(check, digest);
  if (bytes === undefined) throw new Error(problem);
  const repair: Repair = { kind: "link", name: check.name, key, digest, because: key };
  addFinding(check, { severity: "repairable", subject: key, problem, repair });
  return { key, digest, target: digest, bytes, isReadable: true };
}

const maxLinkBytes = 1024;

/** What a link holds; one that is far too long is not read, nor one whose identity tells that it holds this digest. */
async function readText(store: Store, key: Key, digest: Digest | undefined): Promise<string | undefined> {
  const identity = digest === undefined ? undefined : store.listings?.identityOf(new TextEncoder().encode(digest));
  if (identity !== undefined && (await store.objects.stat(key))?.identity === identity) return digest;
  const bytes = await store.objects.read(key, maxLinkBytes);
  if (bytes !== undefined) return new TextDecoder().decode(bytes);
  return (await store.objects.stat(key)) === undefined ? undefined : "";
}

async function followOne(
  check: RepositoryCheck,
  { key, digest, text }: { readonly key: Key; readonly digest: Digest; readonly text: string },
): Promise<FollowedLink> {
  const { target, problem } = await targetOf(check, digest, text);
  const bytes = await locate(check, target);
  if (problem !== undefined) {
    // Rewriting repairs it, and missing bytes are reported elsewhere.
    const repair: Repair = { kind: "link", name: check.name, key, digest: target, because: key };
    addFinding(check, { severity: "repairable", subject: key, problem, repair });
  }
  return { key, digest, target, bytes, isReadable: true };
}

/** What a link means: its path, unless registry:2 filed a sha512 upload under sha256 and the bytes there are the same. */
async function targetOf(
  check: RepositoryCheck,
  digest: Digest,
  text: string,
): Promise<{ readonly target: Digest; readonly problem: string | undefined }> {
  if (text === digest) return { target: digest, problem: undefined };
  const said = parseDigest(text.trim());
  if (said !== undefined && said !== digest && digestAlgorithm(digest) !== "sha256") {
    const stat = await search(check, said);
    const isInPlace = stat !== undefined && stat !== "in the trash";
    const verdict = isInPlace ? await judgeAlias(check.store, { digest, target: said, stat }) : undefined;
    if (verdict === "other") return { target: digest, problem: `it leads to ${said}, whose bytes are not its own` };
    return { target: said, problem: text === said ? undefined : "its content is not a digest alone" };
  }
  return { target: digest, problem: "its content is not its digest" };
}

/**
 * Reports that the bytes of a link are missing, and whether they are only in the trash. A link that no manifest needs is
 * left by a push that was interrupted before its answer, or by another registry's collector: nothing is lost.
 */
export async function findMissingBytes(
  check: RepositoryCheck,
  { key, target: digest, bytes, isReadable }: FollowedLink,
  isNeeded: boolean,
): Promise<void> {
  if (check.isCached || !isReadable) return;
  const problem = `the bytes of ${digest} are`;
  if (bytes === "in the trash") {
    const repair: Repair = { kind: "restore", digest };
    addFinding(check, { severity: "repairable", subject: key, problem: `${problem} in the trash`, repair });
  } else if (isNeeded) addFinding(check, { severity: "lost", subject: key, problem: `${problem} missing` });
  else {
    const unneeded = `${problem} missing, and no manifest here names them; \`registry gc\` removes the link`;
    addFinding(check, { severity: "untidy", subject: key, problem: unneeded });
  }
}

const looks = 3;
const pauseMs = 50;

/** Where the bytes are; undefined: nowhere. */
export async function locate(check: RepositoryCheck, digest: Digest): Promise<Location | undefined> {
  const sizeBytes = check.stored?.get(digest);
  return sizeBytes === undefined ? await search(check, digest) : { sizeBytes };
}

/**
 * Looks in their place and in the trash. In rounds, since they may be restored between the two lookups, or a collector may
 * hold them for a moment.
 */
async function search(
  { store, isLocked }: RepositoryCheck,
  digest: Digest,
): Promise<Stat | "in the trash" | undefined> {
  for (let look = 1; ; look += 1) {
    const stat = await store.objects.stat(blobKey(digest));
    if (stat !== undefined) return stat;
    const isInTrash = (await store.garbage.open(blobKey(digest))) !== undefined;
    const again = await store.objects.stat(blobKey(digest));
    if (again !== undefined) return again;
    if (!isLocked || look === looks) return isInTrash ? "in the trash" : undefined;
    await pause(pauseMs);
  }
}

/** Something that is needed and not linked. */
export interface Unlinked {
  readonly digest: Digest;
  readonly link: Key;
  /** What it is, and to what. */
  readonly role: string;
  /** The link of what needs it. */
  readonly because: Key;
}

/**
 * Handles content that is needed but not linked: if its bytes exist, only a link is missing. Returns where they are;
 * undefined if it cannot be linked again, or must not be, since a client deleted it.
 */
export async function findUnlinked(
  check: RepositoryCheck,
  { digest, link, role, because }: Unlinked,
): Promise<Location | undefined> {
  if (await isDeleted(check.store, check.name, digest)) {
    addFinding(check, {
      severity: "untidy",
      subject: digest,
      problem: `${role}, was deleted; delete that as well, or push again`,
    });
    return undefined;
  }
  const location = await locate(check, digest);
  if (location === undefined) {
    addFinding(check, { severity: "lost", subject: digest, problem: `${role}, is missing` });
    return undefined;
  }
  // Writing the link looks for the bytes, and restores them.
  const repair = { kind: "link", name: check.name, key: link, digest, because } as const;
  addFinding(check, { severity: "repairable", subject: digest, problem: `${role}, is not linked here`, repair });
  return location;
}
