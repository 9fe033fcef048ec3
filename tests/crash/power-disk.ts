// A disk of the test's own whose power can be cut: what was not synced is gone, as the filesystem's journal has it.
//
// A disk is mounted from an image of its own each time, never twice from the same one: a container that starts on this
// machine meanwhile copies the mounts that it finds, and keeps a filesystem that was shut down alive.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must } from "../e2e/program.ts";
import { unmount } from "../e2e/unmount.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** The filesystems that most data lies on. */
export type DurableKind = "ext4" | "xfs";

/** A mounted disk; disposal unmounts it. */
export interface PowerDisk extends AsyncDisposable {
  /** The directory for a registry's data. */
  readonly data: string;
  /** Nothing reaches the disk any more, the journal in memory neither. */
  cut(): Promise<void>;
  /** What the disk shows after the power is back; nobody may have a file open. */
  mountAgain(): Promise<void>;
}

/** An image of a disk, to be copied. `fill` brings about what lies on it. */
export async function makeDiskImage(
  kind: DurableKind,
  image: string,
  fill: (data: string) => Promise<void>,
): Promise<void> {
  const empty = `${image}.empty`;
  rmSync(empty, { force: true });
  await must(["truncate", "--size", kind === "xfs" ? "300M" : "64M", empty]);
  await must(kind === "xfs" ? ["mkfs.xfs", "-q", empty] : ["mkfs.ext4", "-q", "-F", "-m", "0", empty]);
  await using disk = await mountCopy(kind, empty);
  await fill(disk.data);
  await must(["sync", "--file-system", disk.data]);
  await must(["fsfreeze", "--freeze", join(disk.data, "..")]);
  rmSync(image, { force: true });
  await copy(disk.image, image);
  await must(["fsfreeze", "--unfreeze", join(disk.data, "..")]);
}

/** Mounts a copy of an image. */
export async function mountCopy(kind: DurableKind, image: string): Promise<PowerDisk & { readonly image: string }> {
  const directory = temporaryDirectory();
  const point = join(directory.path, "disk");
  mkdirSync(point);
  let number = 0;
  let mounted: string | undefined;
  const mount = async (from: string) => {
    number += 1;
    const next = `${image}.${Bun.randomUUIDv7()}-${number}`;
    await copy(from, next);
    await must(["mount", "-o", kind === "xfs" ? "loop,nouuid" : "loop", next, point]);
    if (mounted !== undefined) rmSync(mounted);
    mounted = next;
    return next;
  };
  const first = await mount(image);
  const data = join(point, "data");
  mkdirSync(data, { recursive: true });
  return {
    data,
    image: first,
    cut: async () => {
      // Without -f the log in memory is thrown away.
      await must(["xfs_io", "-x", "-c", "shutdown", point]);
    },
    mountAgain: async () => {
      await unmount(point);
      await mount(mounted ?? first);
    },
    [Symbol.asyncDispose]: async () => {
      await unmount(point);
      rmSync(mounted ?? first);
      directory[Symbol.dispose]();
    },
  };
}

async function copy(from: string, to: string): Promise<void> {
  await must(["cp", "--sparse=always", from, to]);
}
