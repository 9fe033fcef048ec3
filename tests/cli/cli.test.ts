import { expect, test } from "bun:test";
import { runCli } from "../../src/cli/cli.ts";
import { fakeIo } from "./fake-io.ts";

async function run(...args: string[]): Promise<readonly [number, string, string]> {
  const io = fakeIo();
  return [await runCli(args, io), io.output().split("\n")[0] ?? "", io.errors()];
}

const overview = "registry: a container registry in one file";

test.each([
  [[], [0, overview, ""]],
  [["help"], [0, overview, ""]],
  [["--help"], [0, overview, ""]],
  [["-h"], [0, overview, ""]],
  [
    ["help", "serve"],
    [0, "Usage:", ""],
  ],
  [
    ["serve", "--help"],
    [0, "Usage:", ""],
  ],
  [
    ["serve", "--addr", "x", "-h"],
    [0, "Usage:", ""],
  ],
  [["-v"], [0, expect.stringMatching(/^registry development/), ""]],
  [["srve"], [64, "", 'registry: unknown command "srve"; did you mean serve? (see `registry help`)\n']],
  [
    ["help", "xyz"],
    [64, "", 'registry: unknown command "xyz" (see `registry help`)\n'],
  ],
  [
    ["/etc/x.yml"],
    [
      64,
      "",
      'registry: unknown command "/etc/x.yml"; did you mean `registry serve /etc/x.yml`? (see `registry help`)\n',
    ],
  ],
  [
    ["serve", "--adr", "x"],
    [64, "", "registry: unknown flag --adr; did you mean --addr? (see `registry help serve`)\n"],
  ],
  [
    ["serve", "--addr"],
    [64, "", "registry: --addr needs a value: --addr HOST:PORT (see `registry help serve`)\n"],
  ],
  [
    ["serve", "--http=yes"],
    [64, "", "registry: --http takes no value but true or false (see `registry help serve`)\n"],
  ],
  [
    ["serve", "a.yml", "b.yml"],
    [64, "", 'registry: unexpected argument "b.yml" (see `registry help serve`)\n'],
  ],
  [
    ["help", "gencrt"],
    [64, "", 'registry: unknown command "gencrt"; did you mean gencert? (see `registry help`)\n'],
  ],
  [
    ["serve", "--san", "a b"],
    [64, "", 'registry: --san: "a b" is neither a host name nor an IPv4 or IPv6 address (see `registry help serve`)\n'],
  ],
  [
    ["gencert", "--out", "/proc/none/certs"],
    [1, "", expect.stringMatching(/^registry gencert: [^\n]*\/proc\/none[^\n]*\n$/)],
  ],
  [
    ["serve", "/none.yml"],
    [1, "", expect.stringMatching(/^registry serve: \/none\.yml: [^\n]+\n$/)],
  ],
] as const)("registry %p", async (args, want) => {
  expect(await run(...args)).toEqual(want as never);
});

test("every command's help fits a terminal and names every flag", async () => {
  const io = fakeIo();
  for (const name of ["serve", "gencert", "trust", "version", "help"]) await runCli(["help", name], io);
  expect(
    io
      .output()
      .split("\n")
      .filter((line) => line.length > 120),
  ).toEqual([]);
});
