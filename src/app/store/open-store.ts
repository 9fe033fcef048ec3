// Opens the configured store.
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { Configuration } from "../../config/schema.ts";
import { errorCode } from "../../lib/system-error.ts";
import type { Store } from "../../registry/store.ts";
import { allowDiskThreads } from "../../storage/disk-threads.ts";
import type { Driver } from "../../storage/driver.ts";
import { openFilesystem } from "../../storage/filesystem.ts";
import type { BucketObjects } from "../../storage/s3/bucket-objects.ts";
import { explainDataError, StartError } from "../start-error.ts";
import { canUseDirectory, chooseDataDirectory, isWorkingDirectoryGone } from "./data-directory.ts";
import { openBucketStore } from "./open-bucket-store.ts";
import type { SharedFiles } from "./shared-files.ts";
import { becomeOwner } from "./store-owner.ts";

/** What opening needs from the process. */
export interface StoreDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Receives warnings for the operator. */
  readonly warn: (warning: string) => void;
  /** Whether it is for a command, which serves no requests. */
  readonly isCommand?: boolean | undefined;
  /** Removes what nobody needs, if the disk is too full for what a store needs and never had; says what it removed. */
  readonly makeRoom?: ((store: Store, configuration: Configuration) => AsyncIterable<string>) | undefined;
}

/** A store and its directory. */
export interface OpenedStore {
  readonly store: Store;
  /** Of a store in a bucket, the node's own: nothing in it is needed by others. */
  readonly dataDirectory: string;
  /** Where the data lies, for a person. */
  readonly place: string;
  /** What all nodes on a bucket have alike; undefined: the store is a directory, and has one node. */
  readonly shared: SharedFiles | undefined;
  /** Objects of the bucket that nobody else may read; undefined: the store is a directory. */
  readonly secrets: BucketObjects | undefined;
  /** Whether anything may be collected or deleted. */
  readonly mayRemove: boolean;
}

/** Opens the store and creates its directory if necessary; throws a StartError. */
export async function openStore(
  configuration: Configuration,
  { env, now, warn, isCommand, makeRoom }: StoreDependencies,
): Promise<OpenedStore> {
  const tagReads = configuration.storage.tag.concurrencylimit || availableParallelism();
  if (configuration.storage.s3.isOn) {
    const { driver, now: storeNow, ...opened } = await openBucketStore(configuration, { env, now, warn, isCommand });
    return { ...opened, store: { ...driver, now: storeNow, uuid: () => crypto.randomUUID(), tagReads } };
  }
  const { rootdirectory, durable: isDurable } = configuration.storage.filesystem;
  const dataDirectory = requireDataDirectory(rootdirectory, env);
  const storeOn = (driver: Driver): Store => ({ ...driver, now, uuid: () => crypto.randomUUID(), tagReads });
  const makeRoomHere =
    makeRoom &&
    async function* (driver: Driver) {
      for await (const removed of makeRoom(storeOn(driver), configuration)) {
        warn(`the disk is full: removed ${removed}`);
        yield;
      }
    };
  allowDiskThreads(env);
  try {
    const { driver, warnings } = await openFilesystem({ root: dataDirectory, isDurable, makeRoom: makeRoomHere });
    for (const warning of warnings) warn(warning);
    const place = resolve(dataDirectory);
    return {
      store: storeOn(driver),
      dataDirectory: place,
      place,
      shared: undefined,
      secrets: undefined,
      mayRemove: true,
    };
  } catch (error) {
    throw new StartError(explainDataError(error, dataDirectory));
  }
}

function requireDataDirectory(configured: string | undefined, env: StoreDependencies["env"]): string {
  const directory = chooseDataDirectory(configured, { env, canUse: canUseDirectory });
  if (directory === undefined) {
    throw new StartError("no directory for the data can be written; choose one with --data DIR");
  }
  if (!isAbsolute(directory) && isWorkingDirectoryGone()) {
    throw new StartError(`the working directory was removed, so ${directory} is nowhere; name it with its whole path`);
  }
  return directory;
}

/** Opens a store that must exist: a mistyped directory is not created, and another program's is not filled. */
export async function openExistingStore(
  configuration: Configuration,
  dependencies: StoreDependencies,
): Promise<OpenedStore> {
  const { filesystem: directoryOptions, s3 } = configuration.storage;
  if (s3.isOn) return await openStore(configuration, dependencies);
  const { rootdirectory } = directoryOptions;
  const directory = chooseDataDirectory(rootdirectory, { env: dependencies.env, canUse: canUseDirectory });
  if (directory === undefined || !isStore(directory)) {
    const where = directory === undefined ? "in the usual places" : `at ${directory}`;
    const whose = rootdirectory === undefined && directory !== undefined ? ", where this user's would be" : "";
    throw new StartError(
      `there is no registry ${where}${whose}; name its directory with --data DIR or its configuration file`,
    );
  }
  becomeOwner(directory);
  const filesystem = { ...configuration.storage.filesystem, rootdirectory: directory };
  const storage = { ...configuration.storage, filesystem };
  return await openStore({ ...configuration, storage }, dependencies);
}

/** Whether a registry has stored something there, or the directory is empty, as if just made for it. */
function isStore(directory: string): boolean {
  if (existsSync(join(directory, "docker/registry/v2"))) return true;
  try {
    return readdirSync(directory).every((name) => name === "lost+found");
  } catch (error) {
    // Opening it will tell whether it can be read.
    return errorCode(error) !== "ENOENT" && errorCode(error) !== "ENOTDIR";
  }
}
