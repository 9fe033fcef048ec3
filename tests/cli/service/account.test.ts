import { expect, test } from "bun:test";
import { addAccount, findAccount } from "../../../src/cli/service/account.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeMachine } from "./fake-machine.ts";

test("addAccount() makes an account that nobody can log in as, which findAccount() finds", async () => {
  using root = temporaryDirectory();
  const { machine, commands } = fakeMachine(root.path);
  const before = await findAccount(machine);
  const made = await addAccount(machine, "/srv/x");
  expect([before, made, commands]).toEqual([
    undefined,
    { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 },
    [
      "getent passwd registry",
      "useradd --system --user-group --no-create-home --home-dir /srv/x --shell /usr/sbin/nologin registry",
      "getent passwd registry",
    ],
  ]);
});

test("addAccount() takes the account that another installation has made meanwhile", async () => {
  using root = temporaryDirectory();
  const results = { useradd: { code: 9, stderr: "exists\n" }, getent: { stdout: "registry:x:7:8::/:/bin/false\n" } };
  expect(await addAccount(fakeMachine(root.path, { results }).machine, "/srv/x")).toEqual({ uid: 7, gid: 8 });
});

test("addAccount() passes on what useradd has to say", async () => {
  using root = temporaryDirectory();
  const results = { useradd: { code: 1, stderr: "group registry exists\n" } };
  const { machine } = fakeMachine(root.path, { results });
  expect(addAccount(machine, "/srv/x")).rejects.toThrow("registry failed: group registry exists");
});
