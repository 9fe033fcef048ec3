// A disk that promises more room than there is, as thin volumes do: the filesystem on it believes that a write will
// find its place, and hears of the opposite only when the system writes it back.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { must } from "./program.ts";
import { unmount } from "./unmount.ts";

/** A mounted thin disk; disposal unmounts it. */
export interface ThinDisk extends AsyncDisposable {
  /** The directory for a registry's data. */
  readonly data: string;
  /** Puts more room behind the disk. */
  grow(): Promise<void>;
  /** What the disk holds, read anew: nobody may have a file open. */
  mountAgain(): Promise<void>;
}

const promisedMiB = 256;

/** Makes an ext4 of 256 MiB with `roomMiB` behind it, of which its own tables take a part. */
export async function makeThinDisk(roomMiB: number): Promise<ThinDisk> {
  const directory = temporaryDirectory();
  const [pool, point] = [join(directory.path, "pool"), join(directory.path, "disk")];
  const image = join(pool, "image");
  for (const path of [pool, point]) mkdirSync(path);
  await must(["mount", "-t", "tmpfs", "-o", `size=${promisedMiB}m`, "tmpfs", pool]);
  await must(["truncate", "--size", `${promisedMiB}M`, image]);
  // Its journal and tables have their room from the beginning, so that only content is refused.
  const whole = "lazy_itable_init=0,lazy_journal_init=0,nodiscard";
  await must(["mkfs.ext4", "-q", "-m", "0", "-J", "size=4", "-E", whole, image]);
  const mount = () => must(["mount", "-o", "loop", image, point]);
  await mount();
  await must(["mount", "-o", `remount,size=${roomMiB}m`, pool]);
  const data = join(point, "data");
  mkdirSync(data);
  return {
    data,
    grow: async () => {
      await must(["mount", "-o", `remount,size=${2 * promisedMiB}m`, pool]);
    },
    mountAgain: async () => {
      await unmount(point);
      await mount();
    },
    [Symbol.asyncDispose]: async () => {
      await unmount(point);
      await unmount(pool);
      directory[Symbol.dispose]();
    },
  };
}
