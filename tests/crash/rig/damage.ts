// What a disk or a person does to single files of the store, and what must become of it: found, never made worse by a
// collection, repaired where there is something to repair it from, and harmful to nothing else.
import { closeSync, mkdirSync, openSync, readSync, rmSync, symlinkSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../../src/lib/system-error.ts";
import type { Chance } from "./chance.ts";
import { type MadeManifest, makeConfig, makeImage, makeIndex, makeLayer } from "./contents.ts";

/** What is done to a file. */
export type Harm = "removed" | "emptied" | "directory" | "symlink" | "flipped";

/** One damaged file. */
export interface Damage {
  readonly victim: "layer link" | "config link" | "revision link" | "child link" | "layer" | "manifest";
  readonly harm: Harm;
}

const harmsOfLinks: readonly Harm[] = ["removed", "emptied", "directory", "symlink", "flipped"];

/** Those of links can be repaired from what names what they lead to; of bytes there is nothing left, and they are pushed. */
export const damages: readonly Damage[] = [
  ...(["layer link", "config link", "revision link", "child link"] as const).flatMap((victim) =>
    harmsOfLinks.map((harm) => ({ victim, harm })),
  ),
  ...(["layer", "manifest"] as const).flatMap((victim) =>
    (["removed", "emptied", "flipped"] as const).map((harm) => ({ victim, harm })),
  ),
];

/** Whether nothing is lost by it. */
export function isMendable({ victim }: Damage): boolean {
  return victim.endsWith(" link");
}

/** An index of two images in a repository that only the damage meets. */
export interface Wreck {
  readonly name: string;
  readonly index: MadeManifest;
  readonly children: readonly MadeManifest[];
  readonly blobs: ReturnType<typeof makeLayer>[];
}

/** Nobody else has any of its bytes. */
export function makeWreck(name: string, chance: Chance): Wreck {
  const made = [0, 1].map((number) => {
    const config = makeConfig(`${name}, ${number}`);
    const layer = makeLayer(chance.fork(`${name}/${number}`));
    return { image: makeImage(config, [layer]), blobs: [config, layer] };
  });
  const children = made.map(({ image }) => image);
  return { name, children, index: makeIndex(name, children), blobs: made.flatMap(({ blobs }) => blobs) };
}

/** The digest that the damage is about. */
export function digestOfDamage({ victim }: Damage, { index, children, blobs }: Wreck): string {
  const [config, layer] = blobs;
  const of = {
    "layer link": layer,
    layer,
    "config link": config,
    "child link": children[0],
    manifest: children[0],
    "revision link": index,
  };
  return of[victim]?.digest ?? "";
}

/** Does it to the file; false where there is none. */
export function damage(data: string, damage: Damage, wreck: Wreck): boolean {
  try {
    harm(pathOfDamage(data, damage, wreck), damage.harm);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** The file that the damage is about. */
function pathOfDamage(data: string, damage: Damage, wreck: Wreck): string {
  const hex = digestOfDamage(damage, wreck).slice("sha256:".length);
  const root = join(data, "docker/registry/v2");
  const repository = join(root, "repositories", wreck.name);
  const link = join(
    repository,
    damage.victim === "layer link" || damage.victim === "config link" ? "_layers" : "_manifests/revisions",
    "sha256",
    hex,
    "link",
  );
  return isMendable(damage) ? link : join(root, "blobs/sha256", hex.slice(0, 2), hex, "data");
}

function harm(path: string, harm: Harm): void {
  switch (harm) {
    case "removed":
      rmSync(path);
      break;
    case "emptied":
      truncateSync(path, 0);
      break;
    case "directory":
      rmSync(path);
      mkdirSync(path);
      break;
    case "symlink":
      rmSync(path);
      symlinkSync("nowhere", path);
      break;
    case "flipped":
      flip(path);
  }
}

/** One bit of the first byte: the length stays. */
function flip(path: string): void {
  const file = openSync(path, "r+");
  try {
    const byte = new Uint8Array(1);
    readSync(file, byte, 0, 1, 0);
    writeSync(
      file,
      byte.map((value) => value ^ 1),
      0,
      1,
      0,
    );
  } finally {
    closeSync(file);
  }
}
