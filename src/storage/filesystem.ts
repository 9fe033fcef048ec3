// The driver on a directory. The disk is the truth: nothing is kept in memory that another process may change.
import { resolve } from "node:path";
import type { Driver } from "./driver.ts";
import { DurableFiles } from "./durable-file.ts";
import { FileDirectory } from "./file-directory.ts";
import { FileLocks } from "./file-locks.ts";
import { FileObjects } from "./file-objects.ts";
import { FileTransfers } from "./file-transfers.ts";
import { FileTrash } from "./file-trash.ts";
import { FileUploads } from "./file-uploads.ts";
import { isInMemory, openRoot } from "./filesystem-root.ts";
import { type Flock, openFlock } from "./flock.ts";
import { JournalSync } from "./journal-sync.ts";
import { KeyPaths } from "./key-paths.ts";
import { LockedChanges } from "./locked-changes.ts";
import { TrashGarbage } from "./trash-garbage.ts";

/** Where a filesystem store lies and how careful it is. */
export interface FilesystemOptions {
  readonly root: string;
  /** Whether what was acknowledged survives a power cut (it survives a kill in any case). */
  readonly isDurable: boolean;
  /** Frees one thing after the other on a full disk that has no locks and no trash yet, and so no server of ours. */
  readonly makeRoom?: ((driver: Driver) => AsyncIterable<unknown>) | undefined;
}

/** A store that was opened. */
export interface OpenedFilesystem {
  readonly driver: Driver;
  /** What an operator should know: no locks, read-only. */
  readonly warnings: readonly string[];
}

/** Makes what a store needs and opens it; throws the system's error if that is not possible. */
export async function openFilesystem(options: FilesystemOptions): Promise<OpenedFilesystem> {
  const root = resolve(options.root);
  const files = new DurableFiles(root, { isDurable: options.isDurable && !isInMemory(root) });
  const { makeRoom } = options;
  const open = (flock: Flock | undefined) => openPorts(new KeyPaths(root, files), flock);
  const { flock, warnings } = await openRoot(files, root, makeRoom && (() => makeRoom(open(openFlock()))));
  files.holdRoot();
  files.syncBy(JournalSync.open(root));
  return { driver: open(flock), warnings };
}

function openPorts(paths: KeyPaths, flock: Flock | undefined): Driver {
  const objects = new FileObjects(paths);
  const locks = new FileLocks(paths, flock);
  const trash = new FileTrash(paths);
  return {
    objects,
    changes: new LockedChanges({ objects, locks, trash, newId: () => crypto.randomUUID() }),
    garbage: new TrashGarbage({ locks, trash }),
    uploads: new FileUploads(paths, { flock, trash }),
    transfers: new FileTransfers(paths, flock),
    directory: new FileDirectory(paths),
  };
}
