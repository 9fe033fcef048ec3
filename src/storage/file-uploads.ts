// Uploads on a filesystem: one append-only file each, held by flock while bytes flow, moved into place at the end.
import { fstatSync, readdirSync, rmdirSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { BoundedMap } from "../lib/bounded-map.ts";
import { errorCode } from "../lib/system-error.ts";
import { openOwnedSoon } from "./descriptors.ts";
import { directoryTime, dropDirectory, isGone } from "./directories.ts";
import { disk } from "./disk-calls.ts";
import { describeFile } from "./file-stat.ts";
import type { Flock } from "./flock.ts";
import { holdGrowingFile, openToAppend } from "./growing-file.ts";
import type { KeyPaths } from "./key-paths.ts";
import { isHere } from "./lock-files.ts";
import type { Key, OpenUploadOptions, Stat, Trash, Upload, Uploads } from "./ports.ts";
import { makePrivate, privateDirectoryMode, privateFileMode } from "./private-places.ts";
import { UploadClaims } from "./upload-claims.ts";

const maxRemembered = 1000;

/** What uploads need, beside their paths. */
export interface FileUploadsOptions {
  /** Undefined if the filesystem has no locks. */
  readonly flock: Flock | undefined;
  /** Where an upload that is given up goes, so that nobody sees half of it. */
  readonly trash: Trash;
}

/** The uploads of one store. */
export class FileUploads implements Uploads {
  readonly #paths: KeyPaths;
  readonly #flock: Flock | undefined;
  readonly #trash: Trash;
  readonly #claims = new UploadClaims();
  /** What lies beside the uploads that this process began: a shortcut, never needed. */
  readonly #beside = new BoundedMap<string, readonly string[]>(maxRemembered);

  constructor(paths: KeyPaths, { flock, trash }: FileUploadsOptions) {
    this.#paths = paths;
    this.#flock = flock;
    this.#trash = trash;
  }

  /** Makes the directory of an upload with an empty file in it. */
  async create(key: Key, beside: Readonly<Record<string, string>> = {}): Promise<void> {
    const path = this.#paths.of(key);
    const session = dirname(path);
    const make = async () => {
      // Whoever removes empty directories may come between any two of these steps.
      await makeSession(session);
      for (const [name, content] of Object.entries(beside)) await writeSmall(join(session, name), content);
      await writeSmall(path, "", "wx");
    };
    // The directory above is there but for the first time, and need not survive a power cut.
    await make().catch(async (error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
      await this.#paths.files.inDirectory(dirname(session), make);
    });
    this.#beside.set(session, Object.keys(beside));
  }

  /** Narrows an upload that others may open, such as one that an older version began. */
  async protect(key: Key): Promise<void> {
    const path = this.#paths.of(key);
    makePrivate(dirname(path), privateDirectoryMode);
    makePrivate(path, privateFileMode);
  }

  /** By the file itself: a link in its place is no upload of ours. */
  async size(key: Key): Promise<number | undefined> {
    return (await statOwn(await this.#paths.reach(key)))?.sizeBytes;
  }

  /** Without a file by the directory, which other registries and killed requests leave behind. */
  async changedMs(key: Key): Promise<number | undefined> {
    const path = await this.#paths.reach(key);
    return (await statOwn(path))?.changedMs ?? (await directoryTime(dirname(path)));
  }

  /** Moves the directory of an upload out of sight, and removes it there. */
  async cancel(key: Key): Promise<void> {
    this.#beside.delete(dirname(this.#paths.of(key)));
    const entry = `uploads/${crypto.randomUUID()}`;
    if (await this.#trash.discard(key.slice(0, key.lastIndexOf("/")), entry)) await this.#trash.destroy(entry);
  }

  /** Removes the directory of an upload whose file was moved away. */
  async discard(key: Key): Promise<void> {
    const session = dirname(this.#paths.of(key));
    const beside = this.#beside.get(session);
    this.#beside.delete(session);
    if (beside === undefined || !(await removeKnown(session, beside))) removeSession(session);
  }

  /** Takes hold of an upload; see the contract in ports.ts. */
  async open(key: Key, options: OpenUploadOptions): Promise<Upload | "busy" | undefined> {
    const path = this.#paths.of(key);
    using owner = new DisposableStack();
    const descriptor = await openGrowing(owner, path);
    if (descriptor === undefined) return undefined;
    const flock = this.#flock;
    const take = () => flock === undefined || flock.tryLock(descriptor, "alone");
    if (!(await this.#claims.claim(path, options, take))) return "busy";
    owner.defer(() => this.#claims.release(path, options.preempted));
    // Under the lock: nobody else makes it longer now.
    const stat = fstatSync(descriptor);
    if (!(await isHere(stat, path))) return undefined;
    const growing = holdGrowingFile({ paths: this.#paths, path }, descriptor, stat);
    const held = owner.move();
    const { content } = growing;
    return Object.assign(growing, {
      content: async () => content(),
      // The next holder in this process remembers more than a note could say; one in another process reads the file.
      note: undefined,
      keep: () => undefined,
      [Symbol.asyncDispose]: async () => held.dispose(),
    });
  }
}

async function statOwn(path: string): Promise<Stat | undefined> {
  const stat = await disk.lstat(path);
  return stat?.isFile() === true ? describeFile(stat) : undefined;
}

async function makeSession(path: string): Promise<void> {
  try {
    await disk.mkdir(path, { mode: privateDirectoryMode });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

async function openGrowing(owner: DisposableStack, path: string): Promise<number | undefined> {
  try {
    return await openToAppend(owner, path);
  } catch (error) {
    // A symbolic link is no upload of ours, whatever it leads to.
    if (isGone(error) || errorCode(error) === "ELOOP") return undefined;
    throw error;
  }
}

/** Bun's own call to write a file takes twice as long. */
async function writeSmall(path: string, content: string, flags = "w"): Promise<void> {
  using owner = new DisposableStack();
  const descriptor = await openOwnedSoon(owner, path, flags, privateFileMode);
  if (content !== "") writeSync(descriptor, content);
}

/** Removes a session that has nothing but these in it; false if there is more, or something else. */
async function removeKnown(session: string, beside: readonly string[]): Promise<boolean> {
  try {
    for (const name of beside) await disk.unlink(join(session, name));
  } catch {
    return false;
  }
  return await dropDirectory(session);
}

/** File by file, which takes half as long as removing a tree; what another registry left in it is a tree. */
function removeSession(session: string): void {
  try {
    for (const name of readdirSync(session)) unlinkSync(join(session, name));
    rmdirSync(session);
  } catch {
    rmSync(session, { recursive: true, force: true });
  }
}
