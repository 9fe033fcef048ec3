// Where the victims' data lies: in memory on a disk that can be filled, or on one whose power can be cut.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { makeSmallDisk } from "../../e2e/small-disk.ts";
import { type DurableKind, makeDiskImage, makeImagePlace, mountCopy, needsSilence } from "../power-disk.ts";

/** What the data lies on. */
export type RigDiskKind = "tmpfs" | DurableKind;

/** A disk of the rig. What it cannot do throws. */
export interface RigDisk extends AsyncDisposable {
  readonly kind: RigDiskKind;
  readonly data: string;
  /** Whether servers have to stand still before the power is cut. */
  readonly needsSilence: boolean;
  fill(): Promise<void>;
  free(): void;
  cut(): Promise<void>;
  mountAgain(): Promise<void>;
}

/** Mounts an empty disk. */
export async function makeRigDisk(kind: RigDiskKind, sizeMiB?: number): Promise<RigDisk> {
  return kind === "tmpfs" ? await makeFillable(sizeMiB) : await makePowered(kind);
}

async function makeFillable(sizeMiB?: number): Promise<RigDisk> {
  const disk = await makeSmallDisk("tmpfs", sizeMiB);
  const cannot = async () => {
    throw new Error("a disk in memory loses everything with its power");
  };
  return { ...disk, kind: "tmpfs", needsSilence: false, cut: cannot, mountAgain: cannot };
}

async function makePowered(kind: DurableKind): Promise<RigDisk> {
  const place = await makeImagePlace(kind, 1500);
  const image = join(place.path, "image");
  await makeDiskImage(kind, image, async () => undefined);
  const disk = await mountCopy(kind, image);
  const cannot = async () => {
    throw new Error("this disk is not filled");
  };
  return {
    kind,
    data: disk.data,
    needsSilence: needsSilence(kind),
    fill: cannot,
    free: () => undefined,
    cut: disk.cut,
    mountAgain: disk.mountAgain,
    [Symbol.asyncDispose]: async () => {
      await disk[Symbol.asyncDispose]();
      rmSync(image);
      await place[Symbol.asyncDispose]();
    },
  };
}
