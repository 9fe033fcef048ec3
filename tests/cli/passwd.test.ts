import { describe, expect, test } from "bun:test";
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../src/cli/cli.ts";
import type { CommandIo } from "../../src/cli/command.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { isRoot } from "../without-root.ts";
import { fakeIo } from "./fake-io.ts";

async function passwd(words: readonly string[], changes: Partial<CommandIo> = {}) {
  const io = fakeIo(changes);
  return { code: await runCli(["passwd", ...words], io), text: io.output() + io.errors() };
}

const answering = (...answers: string[]) => ({ isTerminal: true, askSecret: async () => answers.shift() ?? "" });

describe("registry passwd", () => {
  test("asks twice, and writes a hash that htpasswd's readers take", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "users");
    const { code, text } = await passwd(["alice", "--file", file], answering("secret", "secret"));
    const [user, hash = ""] = readFileSync(file, "utf8").trim().split(":");
    expect([code, text, user, hash.slice(0, 7), await Bun.password.verify("secret", hash)]).toEqual([
      0,
      `added alice in ${file}\n`,
      "alice",
      "$2b$10$",
      true,
    ]);
  });

  test("takes the password of a script, and deletes", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "users");
    const piped = { readInput: async () => "secret\n" };
    const done = [
      await passwd(["alice", "--file", file, "--password-stdin"], piped),
      await passwd(["alice", "--file", file, "--password-stdin"], piped),
      await passwd(["alice", "--file", file, "--delete"]),
      await passwd(["alice", "--file", file, "--delete"]),
    ];
    expect(done.map(({ code, text }) => [code, text.replaceAll(file, "FILE")])).toEqual([
      [0, "added alice in FILE\n"],
      [0, "changed alice in FILE\n"],
      [0, "deleted alice in FILE\n"],
      [1, "registry passwd: FILE has no user alice\n"],
    ]);
  });

  test.each<[string, readonly string[], Partial<CommandIo>, number, string]>([
    ["no user", [], {}, 64, "which user?"],
    ["a user with a colon", ["a:b"], {}, 64, "cannot be a user name"],
    ["the name of nobody", ["anonymous"], {}, 64, "callers without credentials are anonymous"],
    ["no terminal", ["alice", "--file", "/nowhere/x"], {}, 1, "give --password-stdin"],
    ["an empty password", ["alice", "--file", "/nowhere/x"], answering(""), 1, "the password is empty"],
    ["two passwords", ["alice", "--file", "/nowhere/x"], answering("a", "b"), 1, "the passwords differ"],
  ])("refuses %s", async (_what, words, io, wantedCode, part) => {
    const { code, text } = await passwd(words, io);
    expect([code, text]).toEqual([wantedCode, expect.stringContaining(part)]);
  });

  test("adds the first user of a configured file before the server was ever started", async () => {
    using directory = temporaryDirectory();
    const users = join(directory.path, "users");
    const config = join(directory.path, "config.yml");
    const auth = `auth: { htpasswd: { realm: registry, path: ${users} } }`;
    const storage = `storage: { filesystem: { rootdirectory: ${join(directory.path, "data")} } }`;
    writeFileSync(config, `version: 0.1\n${storage}\n${auth}\n`);
    const io = { readInput: async () => "secret" };
    const { code, text } = await passwd(["alice", "--password-stdin", config], io);
    expect([code, text]).toEqual([0, `added alice in ${users}\n`]);
    expect(readdirSync(directory.path).sort()).toEqual([".htpasswd.lock", "config.yml", "users"]);
  });

  test.if(isRoot)("run by root, leaves nothing that the owner of the directory cannot use", async () => {
    using directory = temporaryDirectory();
    const users = join(directory.path, "users");
    chownSync(directory.path, 65534, 65534);
    const { code } = await passwd(["alice", "--file", users, "--password-stdin"], { readInput: async () => "secret" });
    process.seteuid?.(0);
    process.setegid?.(0);
    const owners = readdirSync(directory.path).map((name) => statSync(join(directory.path, name)).uid);
    expect([code, owners]).toEqual([0, [65534, 65534]]);
  });

  test("notes in the audit log of the store who was added and deleted", async () => {
    using directory = temporaryDirectory();
    const audit = join(directory.path, "audit.log");
    const io = { env: { REGISTRY_LOG_AUDIT: audit }, readInput: async () => "secret" };
    mkdirSync(join(directory.path, "data"));
    const me = Bun.spawnSync(["id", "-un"]).stdout.toString().trim();
    const data = ["--data", join(directory.path, "data")];
    await passwd(["alice", "--password-stdin", ...data], io);
    await passwd(["alice", "--delete", ...data], io);
    const lines = readFileSync(audit, "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: "user added", user: "alice", by: me },
      { event: "user deleted", user: "alice" },
    ]);
    expect(lines.join()).not.toContain("secret");
  });
});
