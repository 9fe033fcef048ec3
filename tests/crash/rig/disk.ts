// Where the victims' data lies: in memory on a disk that can be filled, or on one whose power can be cut.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../e2e/program.ts";
import { makeSmallDisk } from "../../e2e/small-disk.ts";
import { unmount } from "../../e2e/unmount.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { type DurableKind, makeDiskImage, mountCopy } from "../power-disk.ts";

/** What the data lies on. */
export type RigDiskKind = "tmpfs" | DurableKind;

/** A disk of the rig. What it cannot do throws. */
export interface RigDisk extends AsyncDisposable {
  readonly kind: RigDiskKind;
  readonly data: string;
  fill(): Promise<void>;
  free(): void;
  cut(): Promise<void>;
  mountAgain(): Promise<void>;
}

/** Mounts an empty disk. */
export async function makeRigDisk(kind: RigDiskKind): Promise<RigDisk> {
  return kind === "tmpfs" ? await makeFillable() : await makePowered(kind);
}

async function makeFillable(): Promise<RigDisk> {
  const disk = await makeSmallDisk("tmpfs");
  const cannot = async () => {
    throw new Error("a disk in memory loses everything with its power");
  };
  return { ...disk, kind: "tmpfs", cut: cannot, mountAgain: cannot };
}

/** The images lie in memory: what counts is what the filesystem has sent to its device. */
async function makePowered(kind: DurableKind): Promise<RigDisk> {
  const directory = temporaryDirectory();
  await must(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", directory.path]);
  const image = join(directory.path, "image");
  await makeDiskImage(kind, image, async () => undefined);
  const disk = await mountCopy(kind, image);
  const cannot = async () => {
    throw new Error("this disk is not filled");
  };
  return {
    kind,
    data: disk.data,
    fill: cannot,
    free: () => undefined,
    cut: disk.cut,
    mountAgain: disk.mountAgain,
    [Symbol.asyncDispose]: async () => {
      await disk[Symbol.asyncDispose]();
      rmSync(image);
      await unmount(directory.path);
      directory[Symbol.dispose]();
    },
  };
}
