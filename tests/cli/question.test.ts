import { expect, test } from "bun:test";
import { join } from "node:path";

const question = join(import.meta.dir, "../../src/cli/question.ts");
const asker = `
  import { askOnTerminal } from ${JSON.stringify(question)};
  const write = (text) => void process.stdout.write(text);
  const answer = await askOnTerminal("Sure? ", { write, exit: (code) => process.exit(code) });
  console.log(JSON.stringify(answer));
`;

test.each([
  ["a line", "yes\n", 'Sure? "yes"\n'],
  ["a line of Windows", "yes\r\n", 'Sure? "yes"\n'],
  ["only the first of several", "no\nyes\n", 'Sure? "no"\n'],
  ["an empty line", "\n", 'Sure? ""\n'],
  ["the end of input", "", 'Sure? \n""\n'],
])("askOnTerminal() takes %s", (_name, typed, output) => {
  const run = Bun.spawnSync([process.execPath, "-e", asker], { stdin: Buffer.from(typed) });
  expect([run.stdout.toString(), run.stderr.toString(), run.exitCode]).toEqual([output, "", 0]);
});

test("askOnTerminal() exits with 130 on Ctrl-C", async () => {
  const child = Bun.spawn([process.execPath, "-e", asker], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGINT");
  expect(await child.exited).toBe(130);
  expect(await child.stderr.text()).toBe("");
});
