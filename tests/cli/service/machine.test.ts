import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  isBooted,
  isMachineLink,
  mustRun,
  readMachineFile,
  readProcess,
  readStartMs,
  thisMachine,
} from "../../../src/cli/service/machine.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeMachine } from "./fake-machine.ts";

const here = thisMachine({ PATH: process.env.PATH, XDG_RUNTIME_DIR: "/none" });

test("thisMachine() runs programs, in English, and knows that it runs from its sources", async () => {
  const results = [
    await here.run(["sh", "-c", "echo $LC_ALL $XDG_RUNTIME_DIR; echo no >&2; exit 3"]),
    (await here.run(["/none/such"])).code,
  ];
  expect([results, here.executable]).toEqual([[{ code: 3, stdout: "C /none\n", stderr: "no\n" }, -1], undefined]);
});

test("mustRun() tells what a program said that failed", async () => {
  expect(await mustRun(here, ["echo", "yes"])).toBe("yes\n");
  expect(mustRun(here, ["sh", "-c", "echo no >&2; exit 3"])).rejects.toThrow("exit 3 failed: no");
  expect(mustRun(here, ["false"])).rejects.toThrow("false failed: exit code 1");
});

test("readMachineFile() reads below the root, and knows what is missing", () => {
  using root = temporaryDirectory();
  const { machine, place } = fakeMachine(root.path);
  place("etc/x", "text");
  expect(["/etc/x", "/etc/y", "/etc/x/y"].map((path) => readMachineFile(machine, path))).toEqual([
    "text",
    undefined,
    undefined,
  ]);
});

test("isMachineLink() knows a link, also one that leads nowhere", () => {
  using root = temporaryDirectory();
  const { machine, place } = fakeMachine(root.path);
  place("etc/x", "");
  symlinkSync("none", join(root.path, "etc/y"));
  expect(["/etc/x", "/etc/y", "/etc/z"].map((path) => isMachineLink(machine, path))).toEqual([false, true, false]);
});

test("readProcess() tells what this process runs", () => {
  const [executable, ...words] = readProcess(here, String(process.pid)) ?? [];
  expect([executable, words.length > 0]).toEqual([process.execPath, true]);
  expect(readProcess(here, "none")).toBeUndefined();
});

test("isBooted() asks for systemd's directory", () => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path);
  expect([isBooted(machine), isBooted({ ...machine, root: "/none" })]).toEqual([true, false]);
});

test("readStartMs() tells when this process was started", () => {
  const startMs = readStartMs(here, String(process.pid)) ?? 0;
  expect(Math.abs(startMs - (Date.now() - process.uptime() * 1000))).toBeLessThan(5000);
  expect(readStartMs(here, "none")).toBeUndefined();
});
