import { expect, test } from "bun:test";
import { versionCommand } from "../../src/cli/version.ts";
import { fakeIo } from "./fake-io.ts";

test("registry version names the version, the commit, Bun and the platform", async () => {
  const io = fakeIo();
  const exitCode = await versionCommand.run({ positionals: [], flags: {} }, io);
  expect([exitCode, io.output()]).toEqual([
    0,
    `registry development (unknown) bun ${Bun.version} ${process.platform}-${process.arch}\n`,
  ]);
});
