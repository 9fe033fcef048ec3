// A disk of the test's own, small enough to be filled.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { must, run } from "./program.ts";
import { unmount } from "./unmount.ts";

/** What the disk is made of. */
export type DiskKind = "ext4" | "tmpfs";

/** A mounted disk; disposal unmounts it. */
export interface SmallDisk extends AsyncDisposable {
  /** The directory for a registry's data. */
  readonly data: string;
  /** Leaves no byte free. */
  fill(): Promise<void>;
  /** Frees what `fill` took. */
  free(): void;
  remount(mode: "ro" | "rw"): Promise<void>;
  /** Files below the data directory whose name ends in .tmp. */
  temporaryFiles(): readonly string[];
}

/** Makes and mounts a disk. */
export async function makeSmallDisk(kind: DiskKind, sizeMiB = 64): Promise<SmallDisk> {
  const directory = temporaryDirectory();
  const point = join(directory.path, "disk");
  const image = join(directory.path, "image");
  mkdirSync(point);
  if (kind === "tmpfs") await must(["mount", "-t", "tmpfs", "-o", `size=${sizeMiB}m,mode=755`, "tmpfs", point]);
  else {
    await must(["truncate", "--size", `${sizeMiB}M`, image]);
    await must(["mkfs.ext4", "-q", "-m", "0", image]);
    await must(["mount", "-o", "loop", image, point]);
  }
  const data = join(point, "data");
  mkdirSync(data);
  return {
    data,
    // dd ends with an error when the disk is full, which is what it is for; smaller blocks fill the last gaps.
    fill: async () => {
      for (const block of ["1M", "4K", "512"]) {
        const target = `of=${join(point, `filler-${block}`)}`;
        await run(["dd", "if=/dev/zero", target, `bs=${block}`, "conv=fsync"]);
      }
    },
    free: () => {
      for (const name of readdirSync(point)) if (name.startsWith("filler-")) rmSync(join(point, name));
    },
    remount: async (mode) => {
      await must(["mount", "-o", `remount,${mode}`, point]);
    },
    temporaryFiles: () =>
      readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".tmp")),
    [Symbol.asyncDispose]: async () => {
      await unmount(point);
      directory[Symbol.dispose]();
    },
  };
}
