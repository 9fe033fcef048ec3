import { expect, test } from "bun:test";
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Flock, openFlock } from "../../src/storage/flock.ts";
import { hasLockFiles, isStillAt, lockFiles, makeLockFiles, takeFileLock } from "../../src/storage/lock-files.ts";
import type { LockMode } from "../../src/storage/ports.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { importFrom, startChild } from "./child.ts";

const flock = openFlock();

function take(directory: string, mode: LockMode = "alone", waitMs = 0) {
  return takeFileLock(flock, directory, { name: "team/app", mode, waitMs });
}

function lockDirectory() {
  const directory = temporaryDirectory({ isInMemory: true });
  makeLockFiles(directory.path);
  return directory;
}

/** A script that takes the lock and keeps it. */
function holderOf(directory: string, mode: LockMode): string {
  return `${importFrom("takeFileLock", "storage/lock-files.ts")}${importFrom("openFlock", "storage/flock.ts")}
    const request = { name: "team/app", mode: "${mode}", waitMs: 60_000 };
    globalThis.lock = await takeFileLock(openFlock(), ${JSON.stringify(directory)}, request);
    console.log(globalThis.lock === undefined ? "none" : "held");
    setInterval(() => undefined, 1000);`;
}

test("makeLockFiles() makes 256 locks with their gates, and leaves those that are there", () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "x"));
  writeFileSync(join(directory.path, "7f"), "");
  const inode = statSync(join(directory.path, "7f")).ino;
  makeLockFiles(directory.path);
  makeLockFiles(directory.path);
  const names = readdirSync(directory.path).sort();
  expect([
    names.length,
    names.slice(0, 3),
    names.at(-2),
    statSync(join(directory.path, "7f")).ino === inode,
    lockFiles(directory.path).length,
    lockFiles(directory.path)[255],
  ]).toEqual([513, ["00", "00.gate", "01"], "ff.gate", true, 256, join(directory.path, "ff")]);
});

test.each(["shared", "alone"] as const)("a process that is killed lets go of what it held %s", async (mode) => {
  using directory = lockDirectory();
  await using child = startChild(holderOf(directory.path, mode));
  const answer = await child.line();
  const meanwhile = await take(directory.path);
  const waiting = take(directory.path, "alone", 60_000);
  await child.kill();
  using got = await waiting;
  expect([answer, meanwhile, got]).toEqual(["held", undefined, expect.anything()]);
});

test("a child process does not inherit the lock", async () => {
  using directory = lockDirectory();
  const held = await take(directory.path);
  await using child = startChild('console.log("up"); setInterval(() => undefined, 1000);');
  await child.line();
  held?.[Symbol.dispose]();
  using got = await take(directory.path);
  expect(got).toBeDefined();
});

test("no lock is had while the lock directory is away, and again when it is back", async () => {
  using directory = lockDirectory();
  const path = join(directory.path, "locks");
  mkdirSync(path);
  makeLockFiles(path);
  renameSync(path, `${path}-away`);
  const meanwhile = await take(path, "shared", 20);
  const waiting = take(path, "shared", 60_000);
  renameSync(`${path}-away`, path);
  using back = await waiting;
  expect([meanwhile, back]).toEqual([undefined, expect.anything()]);
});

test("a lock on files that were removed keeps nobody off the new ones, and who waits takes those", async () => {
  using directory = lockDirectory();
  using _old = await take(directory.path, "alone");
  const waiting = take(directory.path, "shared", 60_000);
  for (const name of readdirSync(directory.path)) rmSync(join(directory.path, name));
  makeLockFiles(directory.path);
  using got = await waiting;
  expect(got).toBeDefined();
});

test("isStillAt() tells whether the open file is the one at the path", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  writeFileSync(path, "");
  const descriptor = openSync(path, "r");
  const answers = [isStillAt(descriptor, path)];
  renameSync(path, `${path}-moved`);
  answers.push(isStillAt(descriptor, path), isStillAt(descriptor, join(`${path}-moved`, "below")));
  writeFileSync(path, "");
  answers.push(isStillAt(descriptor, path), isStillAt(descriptor, `${path}-moved`));
  closeSync(descriptor);
  expect(answers).toEqual([true, false, false, false, true]);
});

test("takeFileLock() opens its files as NFS wants it: to write for a lock alone, to read for a shared one", async () => {
  using directory = lockDirectory();
  const refused: string[] = [];
  const strict: Flock = {
    tryLock: (descriptor, mode) => {
      const access = accessOf(descriptor);
      if (access !== constants.O_RDWR && access !== (mode === "alone" ? constants.O_WRONLY : constants.O_RDONLY)) {
        refused.push(mode);
        return false;
      }
      return flock.tryLock(descriptor, mode);
    },
  };
  for (const mode of ["shared", "alone"] as const) {
    using _held = await takeFileLock(strict, directory.path, { name: "team/app", mode, waitMs: 0 });
  }
  expect(refused).toEqual([]);
});

/** How a descriptor was opened: O_RDONLY, O_WRONLY or O_RDWR. */
function accessOf(descriptor: number): number {
  const [, flags = ""] = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8")) ?? [];
  return Number.parseInt(flags, 8) & 3;
}

test("hasLockFiles() misses each one", () => {
  using directory = lockDirectory();
  const whole = hasLockFiles(directory.path);
  rmSync(join(directory.path, "7f"));
  expect([whole, hasLockFiles(directory.path), hasLockFiles(join(directory.path, "none"))]).toEqual([
    true,
    false,
    false,
  ]);
});
