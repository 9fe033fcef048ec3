// A disk of the test's own whose power can be cut: what was not synced is gone, as the filesystem's journal has it.
//
// A disk is mounted from an image of its own each time, never twice from the same one: a container that starts on this
// machine meanwhile copies the mounts that it finds, and keeps a filesystem that was shut down alive.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must } from "../e2e/program.ts";
import { unmount } from "../e2e/unmount.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** What a disk can be made of. With `ext4-slow` and btrfs nothing but a sync reaches the disk while a test lasts. */
export const durableKinds = ["ext4", "ext4-slow", "xfs", "btrfs"] as const;

/** One of them. */
export type DurableKind = (typeof durableKinds)[number];

interface Making {
  readonly size: string;
  readonly make: readonly string[];
  readonly mountOptions: string;
  /**
   * `shutdown`: the filesystem throws away its log in memory. `copy`: what the device holds at that moment is copied at
   * once, which takes an image on a filesystem with reflinks; for a filesystem that knows no shutdown.
   */
  readonly cut: "shutdown" | "copy";
}

const ext4: Making = { size: "64M", make: ["mkfs.ext4", "-q", "-F", "-m", "0"], mountOptions: "loop", cut: "shutdown" };
const makings: Readonly<Record<DurableKind, Making>> = {
  ext4,
  "ext4-slow": { ...ext4, mountOptions: "loop,commit=300" },
  xfs: { size: "300M", make: ["mkfs.xfs", "-q"], mountOptions: "loop,nouuid", cut: "shutdown" },
  btrfs: { size: "300M", make: ["mkfs.btrfs", "-q", "-m", "single"], mountOptions: "loop,commit=300", cut: "copy" },
};

/** Whether who writes has to stand still before the cut: writes after it would be acknowledged and not be there. */
export function needsSilence(kind: DurableKind): boolean {
  return makings[kind].cut === "copy";
}

/** A place in memory for images; what counts is what a filesystem has sent to its device. */
export async function makeImagePlace(kind: DurableKind, sizeMiB: number): Promise<AsyncDisposable & { path: string }> {
  const directory = temporaryDirectory();
  const memory = join(directory.path, "memory");
  mkdirSync(memory);
  await must(["mount", "-t", "tmpfs", "-o", `size=${sizeMiB}m`, "tmpfs", memory]);
  const path = needsSilence(kind) ? join(directory.path, "reflinks") : memory;
  if (path !== memory) {
    mkdirSync(path);
    await must(["truncate", "--size", `${sizeMiB}M`, join(memory, "host")]);
    await must(["mkfs.xfs", "-q", join(memory, "host")]);
    await must(["mount", "-o", "loop", join(memory, "host"), path]);
  }
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      if (path !== memory) await unmount(path);
      await unmount(memory);
      directory[Symbol.dispose]();
    },
  };
}

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
  await must(["truncate", "--size", makings[kind].size, empty]);
  await must([...makings[kind].make, empty]);
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
  let copied: string | undefined;
  const mount = async (from: string) => {
    number += 1;
    const next = `${image}.${Bun.randomUUIDv7()}-${number}`;
    await copy(from, next);
    await must(["mount", "-o", makings[kind].mountOptions, next, point]);
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
      if (needsSilence(kind)) {
        copied = `${image}.${Bun.randomUUIDv7()}-cut`;
        await must(["cp", "--reflink=always", mounted ?? first, copied]);
      } else {
        // Without -f the log in memory is thrown away.
        await must(["xfs_io", "-x", "-c", "shutdown", point]);
      }
    },
    mountAgain: async () => {
      await unmount(point);
      await mount(copied ?? mounted ?? first);
      if (copied !== undefined) rmSync(copied);
      copied = undefined;
    },
    [Symbol.asyncDispose]: async () => {
      await unmount(point);
      if (copied !== undefined) rmSync(copied);
      rmSync(mounted ?? first);
      directory[Symbol.dispose]();
    },
  };
}

async function copy(from: string, to: string): Promise<void> {
  await must(["cp", "--sparse=always", from, to]);
}
