// Rules that change while the registry runs: by a change of the file, and by SIGHUP.
import { expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startRegistry } from "../e2e/executable.ts";
import { waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });

test("changed rules count without a restart, and a broken file changes nothing", async () => {
  using directory = temporaryDirectory();
  const [users, file, data] = ["users", "config.yml", "data"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(users, `bob:${hash}\n`);
  const write = (actions: readonly string[], broken = "") => {
    const rules = [{ users: ["bob"], repositories: ["team/**"], actions }];
    const storage = { filesystem: { rootdirectory: data } };
    const text = JSON.stringify({ version: 0.1, storage, auth: { htpasswd: { path: users } }, access: { rules } });
    writeFileSync(`${file}.new`, broken + text);
    renameSync(`${file}.new`, file);
  };
  write(["pull"]);
  await using registry = await startRegistry({ data, args: [file] });
  const headers = { Authorization: `Basic ${btoa("bob:secret")}` };
  const push = async () => (await registry.fetch("/v2/team/app/blobs/uploads/", { method: "POST", headers })).status;
  expect(await push()).toBe(403);

  write(["pull", "push"]);
  await waitUntil("the change of the file counts", async () => (await push()) === 202);

  write(["pull"], "{");
  process.kill(registry.pid, "SIGHUP");
  await waitUntil("the broken file is told", () => registry.stderr().includes("the configuration cannot be used"));
  expect(await push()).toBe(202);

  write(["pull"]);
  process.kill(registry.pid, "SIGHUP");
  await waitUntil("SIGHUP counts", async () => (await push()) === 403);
});
