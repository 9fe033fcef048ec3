import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HtpasswdFile } from "../../../src/app/access/htpasswd-file.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const line = async (user: string) => `${user}:${await Bun.password.hash("x", { algorithm: "bcrypt", cost: 4 })}\n`;

test("the users are those of the file now; one that cannot be read leaves them as they were, and without it there are none", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "htpasswd");
  const problems: string[] = [];
  const file = new HtpasswdFile(path, (problem) => problems.push(problem));
  const users = () => [...file.hashes().keys()];
  writeFileSync(path, await line("alice"));
  const seen = [users()];
  writeFileSync(path, (await line("alice")) + (await line("bob")));
  seen.push(users());
  writeFileSync(path, "alice:plain text");
  seen.push(users(), users());
  rmSync(path);
  seen.push(users());
  writeFileSync(path, await line("carol"));
  seen.push(users());
  expect([seen, problems]).toEqual([
    [["alice"], ["alice", "bob"], ["alice", "bob"], ["alice", "bob"], [], ["carol"]],
    [expect.stringContaining("line 1 does not hold a bcrypt hash"), expect.stringContaining("there is no such file")],
  ]);
});
