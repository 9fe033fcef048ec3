// The links of a repository, each compared with its path and with the bytes that it leads to.
import type { Pace } from "../lib/pacer.ts";
import { type Digest, digestAlgorithm, parseDigest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Driver, Key, Stat } from "../storage/driver.ts";
import { blobKey, blobTrashName, digestFromPath } from "./layout.ts";
import type { Store } from "./store.ts";
import type { Repair, Severity, VerifyFinding } from "./verify-report.ts";

/** What the checks of one repository work with. */
export interface RepositoryCheck {
  readonly store: Store;
  readonly prefix: Key;
  readonly name: RepositoryName;
  /** Whether it is cached from an upstream, so that missing blobs are fetched when they are asked for. */
  readonly isCached: boolean;
  /** Whether nobody writes to the repository meanwhile. */
  readonly isLocked: boolean;
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
  /** Undefined where they are missing, and where nobody can tell. */
  readonly bytes: Stat | undefined;
  /** False where the disk does not give the link; that was said. */
  readonly isReadable: boolean;
}

/** Writes down a finding. */
export function find(
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
  const { driver } = check.store;
  for (const algorithm of await driver.list(prefix)) {
    for (const hex of await driver.list(`${prefix}/${algorithm}`)) {
      await check.pace?.();
      const key = `${prefix}/${algorithm}/${hex}/link`;
      const digest = digestFromPath(algorithm, hex);
      try {
        const text = await readText(driver, key);
        // Other registries leave the directory of a removed link behind.
        if (text === undefined) continue;
        if (digest !== undefined) yield await followOne(check, { key, digest, text });
        else find(check, { severity: "untidy", subject: key, problem: "its path spells no digest" });
      } catch (error) {
        find(check, { severity: "lost", subject: key, problem: `it cannot be read: ${error}` });
        if (digest !== undefined) yield { key, digest, target: digest, bytes: undefined, isReadable: false };
      }
    }
  }
}

const maxLinkBytes = 1024;

/** What a link holds; one that is far too long is not read. */
async function readText(driver: Driver, key: Key): Promise<string | undefined> {
  const bytes = await driver.read(key, maxLinkBytes);
  if (bytes !== undefined) return new TextDecoder().decode(bytes);
  return (await driver.stat(key)) === undefined ? undefined : "";
}

async function followOne(
  check: RepositoryCheck,
  { key, digest, text }: { readonly key: Key; readonly digest: Digest; readonly text: string },
): Promise<FollowedLink> {
  const target = targetOf(digest, text);
  const bytes = await lookFor(check, target);
  if (text !== target) {
    // Written anew it is right, and whether the bytes are there was said.
    const repair: Repair = { kind: "link", name: check.name, key, digest, because: key };
    find(check, { severity: "repairable", subject: key, problem: "its content is not its digest", repair });
  }
  return { key, digest, target, bytes, isReadable: true };
}

/** What a link means: its path, unless registry:2 filed a sha512 upload under sha256. */
function targetOf(digest: Digest, text: string): Digest {
  const said = parseDigest(text.trim());
  return said !== undefined && digestAlgorithm(digest) !== "sha256" ? said : digest;
}

/**
 * Says that the bytes of a link are missing, and whether they are only in the trash. A link that no manifest needs is
 * what a push leaves that was broken off before its answer, or another registry's collector: nobody has lost anything.
 */
export async function findMissingBytes(
  check: RepositoryCheck,
  { key, target: digest, isReadable }: FollowedLink,
  isNeeded: boolean,
): Promise<void> {
  if (check.isCached || !isReadable) return;
  const problem = `the bytes of ${digest} are`;
  if (await check.store.driver.isInTrash(blobTrashName(digest))) {
    const repair: Repair = { kind: "restore", digest };
    find(check, { severity: "repairable", subject: key, problem: `${problem} in the trash`, repair });
  } else if (isNeeded) find(check, { severity: "lost", subject: key, problem: `${problem} missing` });
  else {
    const unneeded = `${problem} missing, and no manifest here names them; \`registry gc\` removes the link`;
    find(check, { severity: "untidy", subject: key, problem: unneeded });
  }
}

const looks = 3;
const pauseMs = 50;

/** A collector may hold bytes for a moment that it then brings back; what is confirmed is looked for again. */
export async function lookFor({ store, isLocked }: RepositoryCheck, digest: Digest): Promise<Stat | undefined> {
  for (let look = 1; ; look += 1) {
    const stat = await store.driver.stat(blobKey(digest));
    if (stat !== undefined || !isLocked || look === looks) return stat;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** What is needed and not linked: where the bytes are there, a link is all that is missing. */
export async function findUnlinked(
  check: RepositoryCheck,
  {
    digest,
    link,
    problem,
    because,
  }: {
    readonly digest: Digest;
    readonly link: Key;
    readonly problem: string;
    /** The link of what needs it. */
    readonly because: Key;
  },
): Promise<void> {
  const repair = { kind: "link", name: check.name, key: link, digest, because } as const;
  const isThere = (await lookFor(check, digest)) !== undefined;
  // What writes the link looks for the bytes, and brings them back.
  const isFindable = isThere || (await check.store.driver.isInTrash(blobTrashName(digest)));
  if (!isFindable) find(check, { severity: "lost", subject: digest, problem: `${problem}, is missing` });
  else find(check, { severity: "repairable", subject: digest, problem: `${problem}, is not linked here`, repair });
}
