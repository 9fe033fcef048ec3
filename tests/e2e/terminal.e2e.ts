// What a command prints, and what it does with a person's keys, with the built executable.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { executable, startRegistry } from "./executable.ts";
import { requireProgram, run, waitUntil } from "./program.ts";
import { keys, openTerminal } from "./terminal.ts";

const hasTerminals = requireProgram("script", "bsdutils");

/** A store with blobs that nothing links, for three days. */
function makeGarbage(root: string, count: number): void {
  const agedMs = Date.now() - 3 * 86_400_000;
  for (let index = 0; index < count; index += 1) {
    const hex = index.toString(16).padStart(4, "0").repeat(16);
    const directory = join(root, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "data"), "x");
    utimesSync(join(directory, "data"), agedMs / 1000, agedMs / 1000);
  }
}

test("a slow reader gets every line, one that leaves ends the command quietly", async () => {
  using directory = temporaryDirectory();
  makeGarbage(directory.path, 1500);
  const collect = `${executable} gc --dry-run --grace 1ms --json --data ${directory.path}`;
  const slow = await run(["bash", "-c", `${collect} | (sleep 1; wc -l); echo \${PIPESTATUS[0]}`]);
  expect(slow).toEqual({ code: 0, stdout: "1501\n0\n", stderr: "" });
  const left = await run(["bash", "-c", `${collect} | head -1; echo \${PIPESTATUS[0]}`]);
  expect(left.stderr).toBe("");
  expect(left.stdout).toMatch(/^\{"kind":"removal".*\}\n141\n$/);
  for (const target of [">/dev/full", ">&-"]) {
    const refused = await run(["bash", "-c", `${collect} ${target}`]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^registry: standard output cannot be written: [^\n]*\n$/);
  }
});

test("a server goes on where its start message cannot be written", async () => {
  using directory = temporaryDirectory();
  // Its port has to be known beforehand, since it cannot say which one it took.
  const { port } = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const args = ["serve", "--http", "--addr", `127.0.0.2:${port}`, "--data", directory.path];
  const child = Bun.spawn(["sh", "-c", `exec "$0" "$@" >/dev/full`, executable, ...args], { stderr: "pipe" });
  await waitUntil("an answer", () =>
    fetch(`http://127.0.0.2:${port}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
});

test.skipIf(!hasTerminals).each([
  ["Ctrl-C", keys.interrupt, 130, "^C"],
  ["Ctrl-D", keys.endOfInput, 1, "registry trust: nothing was changed"],
])("%s at trust's question changes nothing", async (_name, key, code, end) => {
  await using registry = await startRegistry();
  using home = temporaryDirectory();
  const place = `XDG_CONFIG_HOME=${home.path} ${executable} trust localhost:${registry.port} --for docker`;
  await using terminal = openTerminal(place);
  await terminal.expectText("[y/N] ");
  terminal.type(key);
  expect(await terminal.exited).toBe(code);
  expect(terminal.screen().slice(terminal.screen().indexOf("[y/N] "))).toBe(
    end === "^C" ? "[y/N] ^C\r\n" : `[y/N] \r\n${end}\r\n`,
  );
});

test.skipIf(!hasTerminals)("trust's question survives Ctrl-Z and fg", async () => {
  await using registry = await startRegistry();
  await using terminal = openTerminal("bash --norc -i");
  await terminal.expectText("bash-");
  terminal.type(`${executable} trust localhost:${registry.port} --for docker\n`);
  await terminal.expectText("[y/N] ");
  terminal.type(keys.suspend);
  await terminal.expectText("Stopped");
  terminal.type("fg\n");
  await terminal.expectText("registry trust");
  terminal.type("n\n");
  await terminal.expectText("nothing was changed");
  terminal.type("exit 7\n");
  expect(await terminal.exited).toBe(7);
});

test.skipIf(!hasTerminals)(
  "passwd asks twice, and nothing that is typed shows; the terminal is as it was afterwards",
  async () => {
    using directory = temporaryDirectory();
    await using terminal = openTerminal(`${executable} passwd alice --file ${directory.path}/users && stty -a`);
    for (const question of ["Password: ", "Repeat it: "]) {
      await terminal.expectText(question);
      terminal.type("correct horse\n");
    }
    expect(await terminal.exited).toBe(0);
    expect(terminal.screen()).toContain("added alice in ");
    expect(terminal.screen()).not.toContain("correct");
    expect(terminal.screen()).toMatch(/[^-]\becho\b/);
    const [, hash = ""] = readFileSync(`${directory.path}/users`, "utf8").trim().split(":");
    expect(await Bun.password.verify("correct horse", hash)).toBe(true);
  },
);

const passwd = (directory: string) => `${executable} passwd alice --file ${directory}/users`;

test.skipIf(!hasTerminals).each([
  ["Ctrl-C", keys.interrupt, 130],
  ["Ctrl-\\", keys.quit, 131],
])("%s at passwd's question changes nothing, and the terminal shows again what is typed", async (_name, key, code) => {
  using directory = temporaryDirectory();
  await using terminal = openTerminal(
    `trap : INT QUIT; ulimit -c 0; ${passwd(directory.path)}; echo ended with $?; stty -a`,
  );
  await terminal.expectText("Password: ");
  terminal.type(key);
  expect(await terminal.exited).toBe(0);
  expect(terminal.screen()).toContain(`ended with ${code}\r\n`);
  expect(terminal.screen()).toMatch(/[^-]\becho\b/);
  expect(existsSync(`${directory.path}/users`)).toBe(false);
});

test.skipIf(!hasTerminals)("Ctrl-C again and again, from before the question on, never leaves it silent", async () => {
  using directory = temporaryDirectory();
  const after = "code=$?; trap '' INT; echo ended with $code; stty -a";
  for (let delayMs = 0; delayMs <= 120; delayMs += 10) {
    await using terminal = openTerminal(`trap : INT; echo begun; ${passwd(directory.path)}; ${after}`);
    await terminal.expectText("begun");
    await Bun.sleep(delayMs);
    // As fast as a keyboard repeats a key.
    const typing = setInterval(() => terminal.type(keys.interrupt), 30);
    await terminal.exited.finally(() => clearInterval(typing));
    expect(terminal.screen()).toContain("ended with 130\r\n");
    expect(terminal.screen()).toMatch(/[^-]\becho\b/);
  }
});

test.skipIf(!hasTerminals)("Ctrl-C at a question ends the loop of a script around it too", async () => {
  using directory = temporaryDirectory();
  const loop = `for round in 1 2; do ${passwd(directory.path)}; done; echo went on`;
  await using terminal = openTerminal(`trap : INT; bash -c '${loop}'; echo ended with $?`);
  await terminal.expectText("Password: ");
  terminal.type(keys.interrupt);
  await terminal.exited;
  expect(terminal.screen()).toMatch(/^Password: (?:\^C)?\r\nended with 130\r\n$/);
});

test.skipIf(!hasTerminals)("passwd's question survives Ctrl-Z and fg, and still shows nothing", async () => {
  using directory = temporaryDirectory();
  await using terminal = openTerminal("bash --norc -i");
  await terminal.expectText("bash-");
  terminal.type(`${passwd(directory.path)}\n`);
  await terminal.expectText("Password: ");
  terminal.type(keys.suspend);
  await terminal.expectText("Stopped");
  terminal.type("fg\n");
  for (const question of ["Password: ", "Repeat it: "]) {
    await terminal.expectText(question);
    terminal.type("correct horse\n");
  }
  await terminal.expectText("added alice in ");
  expect(terminal.screen()).not.toContain("correct");
  terminal.type("exit 7\n");
  expect(await terminal.exited).toBe(7);
});
