import { expect, test } from "bun:test";
import { runCli } from "../../../src/cli/cli.ts";
import { fakeIo } from "../fake-io.ts";

test.each([
  ["bash", "# bash completion for registry"],
  ["zsh", "#compdef registry"],
  ["fish", "# fish completion for registry"],
])("registry completion %s prints a script with every command in it", async (shell, begin) => {
  const [io, help] = [fakeIo(), fakeIo()];
  expect([await runCli(["completion", shell], io), await runCli(["help"], help)]).toEqual([0, 0]);
  expect(io.output()).toStartWith(begin);
  const names = [...help.output().matchAll(/^ {2}registry ([a-z]+)/gm)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !io.output().includes(name))).toEqual([]);
});

test.each([[[]], [["ksh"]], [["constructor"]]])("registry completion %p is wrong usage", async (words) => {
  const io = fakeIo();
  expect(await runCli(["completion", ...words], io)).toBe(64);
  expect(io.errors()).toBe("registry: for which shell? say bash, zsh, fish (see `registry help completion`)\n");
});
