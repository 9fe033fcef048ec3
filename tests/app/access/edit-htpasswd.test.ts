import { expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { changeUser } from "../../../src/app/access/edit-htpasswd.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("users are added, changed and deleted, and everything else stays", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "htpasswd");
  writeFileSync(path, "# staff\nalice:1\n\nalice2:2");
  const done = [
    await changeUser(path, "bob", "3"),
    await changeUser(path, "alice", "4"),
    await changeUser(path, "alice2", undefined),
    await changeUser(path, "nobody", undefined),
  ];
  expect([done, readFileSync(path, "utf8")]).toEqual([
    ["added", "changed", "deleted", "unknown"],
    "# staff\n\nbob:3\nalice:4\n",
  ]);
});

test("a file that others read stays readable to them", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "htpasswd");
  writeFileSync(path, "alice:1\n");
  chmodSync(path, 0o640);
  if (process.getuid?.() === 0) chownSync(path, 1234, 4321);
  const before = statSync(path);
  await changeUser(path, "bob", "2");
  const after = statSync(path);
  expect([after.ino === before.ino, after.mode, after.uid, after.gid]).toEqual([
    false,
    before.mode,
    before.uid,
    before.gid,
  ]);
});

test("a new file is its owner's alone, and changes at once all count", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "htpasswd");
  await Promise.all(Array.from({ length: 8 }, (_, index) => changeUser(path, `user${index}`, "x")));
  const users = readFileSync(path, "utf8").trim().split("\n").sort();
  expect([users.length, statSync(path).mode & 0o777]).toEqual([8, 0o600]);
});

test.each([
  ["is there", true],
  ["is not there yet", false],
])("a symbolic link to a file that %s stays one", async (_what, isThere) => {
  using directory = temporaryDirectory();
  const [elsewhere, path] = [join(directory.path, "elsewhere"), join(directory.path, "htpasswd")];
  mkdirSync(elsewhere);
  if (isThere) writeFileSync(join(elsewhere, "users"), "alice:1\n");
  symlinkSync("elsewhere/link", path);
  symlinkSync("users", join(elsewhere, "link"));
  await changeUser(path, "bob", "2");
  expect([lstatSync(path).isSymbolicLink(), readFileSync(join(elsewhere, "users"), "utf8")]).toEqual([
    true,
    isThere ? "alice:1\nbob:2\n" : "bob:2\n",
  ]);
});
