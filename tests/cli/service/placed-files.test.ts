import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { isSameFile, placeProgram, placeText } from "../../../src/cli/service/placed-files.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeMachine } from "./fake-machine.ts";

test("isSameFile() compares bytes", async () => {
  using root = temporaryDirectory();
  const { place } = fakeMachine(root.path);
  for (const [name, text] of Object.entries({ a: "one", b: "one", c: "two", d: "three" })) place(name, text);
  symlinkSync("a", join(root.path, "e"));
  const judge = (name: string) => isSameFile(join(root.path, "a"), join(root.path, name));
  expect(await Promise.all(["a", "b", "c", "d", "e", "f"].map(judge))).toEqual([true, true, false, false, true, false]);
});

test("what is placed replaces what was there, whole and for everybody, and leaves nothing else", async () => {
  using root = temporaryDirectory();
  const { machine, place, read } = fakeMachine(root.path);
  place("usr/bin/registry", "old");
  symlinkSync("/none", join(root.path, "usr/bin/unit"));
  await placeProgram(join(root.path, "download/registry"), "/usr/bin/registry", machine);
  await placeText("text", "/usr/bin/unit", machine);
  const modes = ["registry", "unit"].map((name) => statSync(join(root.path, "usr/bin", name)).mode & 0o777);
  expect([
    read("usr/bin/registry"),
    read("usr/bin/unit"),
    modes,
    readdirSync(join(root.path, "usr/bin")).sort(),
  ]).toEqual(["the executable", "text", [0o755, 0o644], ["registry", "unit"]]);
});

test("what a killed installation has left is removed, and what another one is at work on stays", async () => {
  using root = temporaryDirectory();
  const { machine, place } = fakeMachine(root.path);
  for (const name of ["unit.2147483647.tmp", "unit.1.tmp", "unit.x.tmp", "other.2147483647.tmp"])
    place(`etc/${name}`, "");
  await placeText("text", "/etc/unit", machine);
  expect(readdirSync(join(root.path, "etc")).sort()).toEqual([
    "other.2147483647.tmp",
    "unit",
    "unit.1.tmp",
    "unit.x.tmp",
  ]);
});

test("what cannot be placed leaves nothing behind", async () => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path);
  mkdirSync(join(root.path, "etc/unit"), { recursive: true });
  expect(placeText("text", "/etc/unit", machine)).rejects.toThrow("EISDIR");
  expect(placeProgram("/none", "/etc/program", machine)).rejects.toThrow("ENOENT");
  expect(readdirSync(join(root.path, "etc"))).toEqual(["unit"]);
});
