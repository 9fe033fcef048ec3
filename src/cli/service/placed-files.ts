// Files that an installation puts in their places: the executable, and the unit. Each is whole, or as it was.
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { openOwned, syncDescriptor } from "../../storage/descriptors.ts";
import type { ServiceMachine } from "./machine.ts";

/** Whether two files have the same bytes. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  if (first === undefined || second === undefined || first.size !== second.size) return false;
  return first.ino === second.ino && first.dev === second.dev ? true : (await hash(one)) === (await hash(other));
}

async function hash(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const piece of Bun.file(path).stream()) hasher.update(piece);
  return hasher.digest("hex");
}

/** Copies a program to its place. */
export async function placeProgram(from: string, to: string, { root }: ServiceMachine): Promise<void> {
  await placeFile(join(root, to), programMode, (path) => copyFileSync(from, path, constants.COPYFILE_EXCL));
}

/** Writes a text to its place. */
export async function placeText(text: string, to: string, { root }: ServiceMachine): Promise<void> {
  await placeFile(join(root, to), textMode, (path) => writeFileSync(path, text, { flag: "wx" }));
}

const programMode = 0o755;
const textMode = 0o644;

async function placeFile(path: string, mode: number, write: (path: string) => void): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  removeLeftovers(path);
  // systemd reads no file with this ending.
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    write(temporary);
    // Whatever the umask.
    chmodSync(temporary, mode);
    await sync(temporary);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  await sync(dirname(path));
}

/** What installations that were killed have left behind. */
function removeLeftovers(path: string): void {
  const directory = dirname(path);
  for (const name of readdirSync(directory)) {
    const [whole, pid] = /^(.+)\.(\d+)\.tmp$/.exec(name)?.slice(1) ?? [];
    if (whole !== basename(path) || (pid !== String(process.pid) && existsSync(`/proc/${pid}`))) continue;
    rmSync(join(directory, name));
  }
}

async function sync(path: string): Promise<void> {
  using owner = new DisposableStack();
  await syncDescriptor(openOwned(owner, path, "r"));
}
