// What commands on a store have in common: which store is meant, and how it is opened.

import type { RegistryClientDependencies } from "../app/registries/open-registry-client.ts";
import { StartError } from "../app/start-error.ts";
import { type OpenedStore, openExistingStore, type StoreDependencies } from "../app/store/open-store.ts";
import { withoutRemoval } from "../app/store/removal-switch.ts";
import type { Configuration } from "../config/schema.ts";
import { errorCode, messageOf } from "../lib/system-error.ts";
import { CommandError, type CommandIo, type Flag, hasFlag, type ParsedWords } from "./command.ts";
import { loadFor } from "./load-for.ts";

/** Names the store if no configuration file does. */
export const dataFlag: Flag = {
  name: "data",
  value: "DIR",
  elsewhere: ["root", "dir", "directory", "storage", "data-dir"],
  help: "the data directory",
};

/** The flags of commands whose operands are references: which store a plain name means, and how registries are spoken to. */
export const referenceFlags: readonly Flag[] = [
  dataFlag,
  { name: "config", value: "FILE", help: "the configuration file of the store" },
  {
    name: "plain-http",
    elsewhere: ["http", "insecure"],
    help: "speak plain HTTP with registries; one on this machine is found out by itself",
  },
];

/** A store opened for a command. */
export interface MeantStore extends OpenedStore {
  readonly configuration: Configuration;
}

/** Where a store is looked for, and what may be done to open it. */
export interface StoreCall {
  readonly words: ParsedWords;
  readonly io: CommandIo;
  readonly makeRoom?: StoreDependencies["makeRoom"];
}

/** Works on the store that the arguments mean. Errors of the system become one line for the user. */
export async function withMeantStore(call: StoreCall, work: (meant: MeantStore) => Promise<number>): Promise<number> {
  const meant = await openMeantStore(call);
  try {
    return await work(meant);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    const sentence = sentences[code] ?? "fix that and run it again; nothing that is needed was removed";
    throw new CommandError(`${messageOf(error)}: ${sentence}`);
  }
}

/** Refuses to take anything away where the store carries out what comes too late. */
export function requireRemoval({ mayRemove, place }: OpenedStore): void {
  if (mayRemove) return;
  throw new CommandError(
    `${place} carries out deletions that come too late, so that nothing can be taken away safely while anybody pushes`,
  );
}

const sentences: Readonly<Record<string, string>> = {
  ES3: "try again; nothing that is needed was removed",
  EROFS: "the disk is read-only; only commands that just read work, such as `registry gc --dry-run`",
  EACCES: "this user may not; run it as the owner of the data, such as with `sudo -u`",
  EPERM: "this user may not; run it as the owner of the data, such as with `sudo -u`",
};

async function openMeantStore({ words, io, makeRoom }: StoreCall): Promise<MeantStore> {
  const { configuration } = await loadFor(words, io);
  const warn = (warning: string) => io.stderr(`warning: ${warning}\n`);
  try {
    const how = { env: io.env, now: io.now, warn, isCommand: true, makeRoom };
    const opened = await openExistingStore(configuration, how);
    return { ...opened, configuration: opened.mayRemove ? configuration : withoutRemoval(configuration) };
  } catch (error) {
    if (error instanceof StartError) throw new CommandError(error.message);
    throw error;
  }
}

/** What other registries are asked with. */
export function registryDependencies(words: ParsedWords, io: CommandIo): RegistryClientDependencies {
  return {
    env: io.env,
    uid: process.getuid?.(),
    warn: (sentence) => io.stderr(`warning: ${sentence}\n`),
    now: io.now,
    isPlain: hasFlag(words, "plain-http"),
  };
}
