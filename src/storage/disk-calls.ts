// System calls that take a path. On a fast disk each is shorter than a hop to another thread, so they are made in place. While a
// disk is slow (a network's, a dying one) they are made on other threads, so that requests that need no disk do not wait.
import * as fs from "node:fs";
import { promisify } from "node:util";
import { errorCode } from "../lib/system-error.ts";
import { SlowSpells } from "./slow-spells.ts";

const none = { throwIfNoEntry: false } as const;

type PathLook = (path: string) => Promise<fs.Stats>;

/** A missing path is not an error. */
function ifThere(look: PathLook): (path: string) => Promise<fs.Stats | undefined> {
  return (path) =>
    look(path).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
      return undefined;
    });
}

interface MakeOptions {
  readonly mode?: number;
}

const utimes = promisify(fs.utimes);
const futimes = promisify(fs.futimes);

const later = {
  stat: ifThere(promisify(fs.stat) as PathLook),
  lstat: ifThere(promisify(fs.lstat) as PathLook),
  open: promisify(fs.open) as (path: string, flags: string | number, mode?: number) => Promise<number>,
  mkdir: promisify(fs.mkdir) as (path: string, options: MakeOptions) => Promise<undefined>,
  rename: promisify(fs.rename),
  unlink: promisify(fs.unlink),
  rmdir: promisify(fs.rmdir) as (path: string) => Promise<void>,
  utimes: (path: string, time: Date) => utimes(path, time, time),
  futimes: (descriptor: number, time: Date) => futimes(descriptor, time, time),
};

/** The calls of one disk; an `await` costs little if there is nothing to wait for. */
export function callsWith(spells: SlowSpells) {
  /** Whichever of the two suits the disk now. Both throw the same errors. */
  const either =
    <Args extends readonly unknown[], T>(now: (...args: Args) => T, later: (...args: Args) => Promise<T>) =>
    (...args: Args): T | Promise<T> =>
      spells.isSlow ? spells.later(() => later(...args)) : spells.now(() => now(...args));
  return {
    /** Whether they are made on other threads now. */
    isSlow: (): boolean => spells.isSlow,
    /** Undefined if nothing is there. */
    stat: either((path: string) => fs.statSync(path, none), later.stat),
    lstat: either((path: string) => fs.lstatSync(path, none), later.lstat),
    open: either((path: string, flags: string | number, mode?: number) => fs.openSync(path, flags, mode), later.open),
    mkdir: either((path: string, options: MakeOptions): undefined => void fs.mkdirSync(path, options), later.mkdir),
    rename: either((from: string, to: string) => fs.renameSync(from, to), later.rename),
    unlink: either((path: string) => fs.unlinkSync(path), later.unlink),
    rmdir: either((path: string) => fs.rmdirSync(path), later.rmdir),
    utimes: either((path: string, time: Date) => fs.utimesSync(path, time, time), later.utimes),
    futimes: either((descriptor: number, time: Date) => fs.futimesSync(descriptor, time, time), later.futimes),
  };
}

/** The calls of this process: the disk of the data counts, and what else there is suffers little by it. */
export const disk = callsWith(new SlowSpells());
