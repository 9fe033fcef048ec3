import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../../src/cli/cli.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeIo } from "../fake-io.ts";
import { fakeMachine } from "./fake-machine.ts";

const packaged = readFileSync(join(import.meta.dir, "../../../packaging/registry.service"), "utf8");

test("--print prints the packaged unit for anybody, and does nothing", async () => {
  const io = fakeIo();
  expect([await runCli(["service", "install", "--print"], io), io.output(), io.errors()]).toEqual([0, packaged, ""]);
  using root = temporaryDirectory();
  const { service, commands } = fakeMachine(root.path, { uid: 1000, env: { HOME: "/home/u" } });
  const { output } = await service("install", "--print", "--user", "--san", "a.example");
  expect(output).toContain(
    "\nExecStart=/home/u/.local/bin/registry serve --data /home/u/.local/share/registry --san a.example\n",
  );
  expect(commands).toEqual([]);
});

test.each([
  [{ uid: 0, env: { HOME: "/root", SUDO_USER: "u" } }, "leave sudo out"],
  [{ uid: 1000, env: {} }, "HOME is not set"],
])("--user for %j is refused", async (options, want) => {
  using root = temporaryDirectory();
  const { code, errors } = await fakeMachine(root.path, options).service("install", "--user");
  expect([code, errors]).toEqual([1, expect.stringContaining(want)]);
});

test("what is wrong in the arguments is wrong usage", async () => {
  using root = temporaryDirectory();
  const { service } = fakeMachine(root.path);
  const codes = [await service(), await service("install", "--addr", "x"), await service("uninstall", "--print")];
  expect(codes.map(({ code }) => code)).toEqual([64, 64, 64]);
});
