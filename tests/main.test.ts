import { expect, test } from "bun:test";
import { join } from "node:path";

const main = join(import.meta.dir, "../src/main.ts");

test.each([
  [["version"], 0, /^registry \S+ \(\S+\) bun \d/, /^$/],
  [["serv"], 64, /^$/, /^registry: unknown command "serv"; did you mean serve\?/],
  [["serve", "/no/such/file.yml"], 1, /^$/, /^registry serve: \/no\/such\/file\.yml: [^\n]*\n$/],
])("registry %p", (args, exitCode, stdout, stderr) => {
  const run = Bun.spawnSync([process.execPath, main, ...args], { env: { PATH: process.env.PATH ?? "" } });
  expect([run.exitCode, stdout.test(run.stdout.toString()), stderr.test(run.stderr.toString())]).toEqual([
    exitCode,
    true,
    true,
  ]);
});
