// The log of a repository's moved tags, which exists while a search needs it: every move of a tag adds a line
// first. It promises nothing, and need not survive a crash, since its readers do not either.
//
//   gc/moved/<sha256 of the name>    "<id>\n", then "<digest> <tag>\n" for each move
import type { Digest } from "../oci/digest.ts";
import { hashBytes } from "../oci/hash.ts";
import type { RepositoryName } from "../oci/name.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import { moveLogKey } from "./layout.ts";
import type { Store } from "./store.ts";

/** A log as it was read. */
export interface MoveLog {
  /** Tells it from one that takes its place. */
  readonly id: string;
  readonly moves: string;
}

const maxLogBytes = 1024 * 1024;

/** A tag, and the manifest that it points to. */
export interface TagPointer {
  readonly tag: Tag;
  readonly digest: Digest;
}

/** Notes that the tag is about to be moved; the caller holds the lock shared. */
export async function noteMove(store: Store, name: RepositoryName, { tag, digest }: TagPointer): Promise<void> {
  const key = logKey(name);
  const sizeBytes = await store.objects.append(key, new TextEncoder().encode(`${digest} ${tag}\n`));
  // Searches find it gone, and read all tags again.
  if (sizeBytes !== undefined && sizeBytes > maxLogBytes) await store.objects.delete(key, { isDurable: false });
}

/** The identifier of the log, which is begun if there is none. */
export async function startMoveLog(store: Store, name: RepositoryName): Promise<string> {
  const log = await readMoveLog(store, name);
  if (log !== undefined) return log.id;
  const id = store.uuid();
  await store.objects.put(logKey(name), new TextEncoder().encode(`${id}\n`));
  return id;
}

/** The log, or undefined if there is none. */
export async function readMoveLog(store: Store, name: RepositoryName): Promise<MoveLog | undefined> {
  // It is removed when it gets too long; until then a few more may add to it.
  const bytes = await store.objects.read(logKey(name), maxLogBytes * 2);
  if (bytes === undefined) return undefined;
  const text = new TextDecoder().decode(bytes);
  const end = text.indexOf("\n");
  return end <= 0 ? undefined : { id: text.slice(0, end), moves: text.slice(end + 1) };
}

/** Every tag that was moved to the manifest, and may have been moved on since. */
export function movedTo(digest: Digest, { moves }: MoveLog): readonly Tag[] {
  const tags: Tag[] = [];
  for (let start = moves.indexOf(digest); start !== -1; start = moves.indexOf(digest, start + digest.length)) {
    const tag = parseTag(moves.slice(start + digest.length + 1, moves.indexOf("\n", start)));
    if (tag !== undefined) tags.push(tag);
  }
  return tags;
}

function logKey(name: RepositoryName) {
  return moveLogKey(hashBytes(new TextEncoder().encode(name), "sha256"));
}
