// The executables for other machines: built here, told apart by what they are, and run where an emulator can.
import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { missing, must, requireProgram, run } from "./program.ts";

const project = join(import.meta.dir, "../..");
const dist = join(project, "dist");
const armLibraries = "/usr/aarch64-linux-gnu";
const isPossible = [requireProgram("file", "file"), requireProgram("sha256sum", "coreutils")].every(Boolean);
const canEmulate = [
  requireProgram("qemu-aarch64", "qemu-user"),
  requireProgram("qemu-x86_64", "qemu-user"),
  existsSync(armLibraries) || missing(`${armLibraries} is missing: apt-get install libc6-arm64-cross`),
].every(Boolean);

/** What `file` says of each. The musl ones are not started: no Debian package brings musl's C++ library. */
const kinds: Readonly<Record<string, RegExp>> = {
  "linux-x64": /ELF 64-bit .*x86-64, .*interpreter \/lib64\/ld-linux-x86-64\.so\.2/,
  "linux-x64-baseline": /ELF 64-bit .*x86-64, .*interpreter \/lib64\/ld-linux-x86-64\.so\.2/,
  "linux-arm64": /ELF 64-bit .*ARM aarch64, .*interpreter \/lib\/ld-linux-aarch64\.so\.1/,
  "linux-x64-musl": /ELF 64-bit .*x86-64, .*interpreter \/lib\/ld-musl-x86_64\.so\.1/,
  "linux-x64-baseline-musl": /ELF 64-bit .*x86-64, .*interpreter \/lib\/ld-musl-x86_64\.so\.1/,
  "linux-arm64-musl": /ELF 64-bit .*ARM aarch64, .*interpreter \/lib\/ld-musl-aarch64\.so\.1/,
  "darwin-arm64": /Mach-O 64-bit arm64 executable/,
};

describe.skipIf(!isPossible)("npm run build -- --target all", () => {
  beforeAll(async () => {
    await must(["npm", "run", "--silent", "build", "--", "--target", "all"], { cwd: project });
  });

  test.each(Object.entries(kinds))("%s is of its kind", async (target, kind) => {
    expect(await must(["file", "--brief", join(dist, `registry-${target}`)])).toMatch(kind);
  });

  test("SHA256SUMS has a line for each that `sha256sum --check` confirms", async () => {
    const checked = await must(["sha256sum", "--check", "SHA256SUMS"], { cwd: dist });
    const names = checked.trimEnd().split("\n");
    expect(names.toSorted()).toEqual(
      Object.keys(kinds)
        .map((target) => `registry-${target}: OK`)
        .toSorted(),
    );
  });

  test.skipIf(!canEmulate).each([
    ["linux-arm64", ["qemu-aarch64", "-L", armLibraries], "linux-arm64"],
    // A processor of 2008, without AVX.
    ["linux-x64-baseline", ["qemu-x86_64", "-cpu", "Nehalem"], "linux-x64"],
  ])("%s runs in an emulator", async (target, emulator, platform) => {
    const printed = await must([...emulator, join(dist, `registry-${target}`), "version"]);
    expect(printed).toMatch(new RegExp(`^registry \\S+ \\(.*\\) bun \\S+ ${platform}\n$`));
  });
});

test("an unknown target is one line, with the known ones", async () => {
  const { code, stderr } = await run(["npm", "run", "--silent", "build", "--", "--target", "amiga"], { cwd: project });
  expect([code, stderr]).toEqual([
    64,
    expect.stringMatching(/^build: unknown target amiga; known are all, linux-x64, /),
  ]);
});
