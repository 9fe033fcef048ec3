// How far long work is: a line that changes where standard error is a terminal, whatever the other streams are.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { plainArgs } from "../crash/killed-run.ts";
import { executable, startRegistry } from "../e2e/executable.ts";
import { pushImage } from "../e2e/image.ts";
import { must, requireProgram } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test.skipIf(!requireProgram("script", "bsdutils"))("verify shows on a terminal how far it is", async () => {
  using directory = temporaryDirectory();
  const data = join(directory.path, "data");
  {
    await using registry = await startRegistry({ data, args: plainArgs });
    await pushImage(registry, "team/app");
  }
  const output = join(directory.path, "output");
  const typescript = join(directory.path, "typescript");
  // 100 kB at this rate take half a second, which is longer than the first update waits.
  const command = `exec '${executable}' verify --rate 200kB/s --data '${data}' </dev/null >'${output}'`;
  await must(["script", "--quiet", "--return", "--command", command, typescript]);
  expect(readFileSync(typescript, "utf8")).toMatch(
    /\r\x1b\[Kreading blobs: \d of 3, [\d.]+ k?B of [\d.]+ kB(, \d+s left)?\r\x1b\[K/,
  );
  expect(readFileSync(output, "utf8")).toMatch(/^checked {3}1 repository, 1 manifest, 3 blobs/);
});
