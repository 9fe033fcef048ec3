import { expect, test } from "bun:test";
import { chownSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  makeDirectory,
  prepareDirectory,
  requireDataApart,
  requireOwnDirectory,
} from "../../../src/cli/service/directories.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeMachine } from "./fake-machine.ts";

const me = { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 };
const other = { uid: me.uid + 1, gid: me.gid };

test.each([
  ["nothing", [], other, undefined],
  ["an empty directory", ["srv/x"], other, undefined],
  ["the root of a disk", ["srv/x/lost+found"], other, undefined],
  ["data of the account", ["srv/x/docker/registry/v2"], me, undefined],
  ["data of another user", ["srv/x/locks"], other, "stop what serves it, type `sudo chown -R registry: '/srv/x'`"],
  ["data, and no account yet", ["srv/x/locks"], undefined, "type `sudo useradd --system --user-group registry && sudo"],
  ["other things", ["srv/x/photos"], other, "holds other things of another user"],
])("requireOwnDirectory() where there is %s", (_, directories, account, want) => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path);
  for (const directory of directories) mkdirSync(join(root.path, directory), { recursive: true });
  const judge = () => requireOwnDirectory("/srv/x", account, machine);
  if (want === undefined) expect(judge).not.toThrow();
  else expect(judge).toThrow(want);
});

test("requireOwnDirectory() refuses a file", () => {
  using root = temporaryDirectory();
  const { machine, place } = fakeMachine(root.path);
  place("srv/x", "");
  expect(() => requireOwnDirectory("/srv/x", me, machine)).toThrow("/srv/x is no directory");
});

test("prepareDirectory() makes what is missing, for its account alone, and changes nothing the second time", () => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path);
  prepareDirectory("/srv/a/b", me, machine);
  const again = prepareDirectory("/srv/a/b", me, machine);
  const { mode, uid } = statSync(join(root.path, "srv/a/b"));
  expect([again, mode & 0o777, uid]).toEqual([false, 0o750, me.uid]);
});

test("prepareDirectory() gives nobody a directory in which something lies", () => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path);
  mkdirSync(join(root.path, "srv/x/photos"), { recursive: true });
  expect(() => prepareDirectory("/srv/x", other, machine)).toThrow("/srv/x was changed meanwhile");
});

test("makeDirectory() leaves alone what is there", () => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path);
  mkdirSync(join(root.path, "x"), { mode: 0o700 });
  makeDirectory("/x", machine);
  expect(statSync(join(root.path, "x")).mode & 0o777).toBe(0o700);
});

test.skipIf(me.uid !== 0)("prepareDirectory() gives nobody what a directory of somebody else leads to", () => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path);
  const stranger = { uid: 4711, gid: 4711 };
  mkdirSync(join(root.path, "usr/local/sbin"), { recursive: true });
  mkdirSync(join(root.path, "srv/scratch"), { recursive: true });
  symlinkSync("../../usr/local/sbin", join(root.path, "srv/scratch/cache"));
  chownSync(join(root.path, "srv/scratch"), stranger.uid, stranger.gid);
  const refusal = "/srv/scratch does not belong to root alone";
  expect(() => requireOwnDirectory("/srv/scratch/cache", stranger, machine)).toThrow(refusal);
  expect(() => prepareDirectory("/srv/scratch/cache", stranger, machine)).toThrow(refusal);
  expect(statSync(join(root.path, "usr/local/sbin")).uid).toBe(0);
});

test("requireDataApart() refuses data below what is to be given away, and nothing else", () => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path);
  const judge = (other: string, account = me) =>
    requireDataApart({ dataDirectory: "/srv/a/data", otherDirectories: [other] }, account, machine);
  expect(() => judge("/srv/a")).toThrow("lies below /srv/a, which the service writes to as well");
  expect(() => judge("/srv/a/log")).not.toThrow();
  mkdirSync(join(root.path, "srv/a"), { recursive: true });
  expect(() => judge("/srv/a")).not.toThrow();
  expect(() => judge("/srv/a", other)).toThrow("lies below /srv/a");
});
