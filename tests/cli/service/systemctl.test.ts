import { expect, test } from "bun:test";
import { readLog, readUnitState, requireManager, systemctl } from "../../../src/cli/service/systemctl.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { type FakeMachineOptions, fakeMachine } from "./fake-machine.ts";

const silent = { "systemctl --user show": { code: 1, stderr: "Failed to connect to bus: No medium found\n" } };

test.each<[string, FakeMachineOptions, boolean, string | undefined]>([
  ["root", {}, false, undefined],
  ["a user with --user", { uid: 1000 }, true, undefined],
  ["a user", { uid: 1000 }, false, "needs root: put sudo before the command, or add --user"],
  ["a user after su", { uid: 1000, results: silent }, true, "does not answer (Failed to connect to bus: No medium"],
])("requireManager() for %s", async (_, options, isUser, want) => {
  using root = temporaryDirectory();
  const judged = requireManager(fakeMachine(root.path, options).machine, { isUser });
  if (want === undefined) expect(await judged).toBeUndefined();
  else expect(judged).rejects.toThrow(want);
});

test("requireManager() without systemd says what to do instead", async () => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path);
  const judged = requireManager({ ...machine, root: "/none" }, { isUser: false });
  expect(judged).rejects.toThrow("systemd does not run this machine: let what starts services here");
});

test.each([
  ["FragmentPath=/x\nMainPID=7\nDropInPaths=/y /z\n", { path: "/x", pid: "7", hasDropIns: true }],
  ["MainPID=0\nFragmentPath=\nDropInPaths=\n", { path: "", pid: undefined, hasDropIns: false }],
  ["", { path: "", pid: undefined, hasDropIns: false }],
])("readUnitState() of %j", async (stdout, want) => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path, { results: { "systemctl show registry.service": { stdout } } });
  expect(await readUnitState(machine, { isUser: false })).toEqual(want);
});

test("commands go to the manager that is meant", async () => {
  using root = temporaryDirectory();
  const { machine, commands } = fakeMachine(root.path, { results: { journalctl: { stdout: "a line\n" } } });
  const log = await readLog(machine, { isUser: true, sinceMs: 1_700_000_000_900 });
  await readLog(machine, { isUser: false, sinceMs: 0 });
  expect([log, systemctl({ isUser: true }), commands]).toEqual([
    "a line\n",
    ["systemctl", "--user"],
    [
      "journalctl --user-unit=registry --since=@1700000000 --no-pager --output=cat --lines=20",
      "journalctl --unit=registry --since=@0 --no-pager --output=cat --lines=20",
    ],
  ]);
});
