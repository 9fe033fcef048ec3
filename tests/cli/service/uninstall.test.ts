import { expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeMachine, unitFile } from "./fake-machine.ts";

test("uninstall takes the unit away, and says what stays; twice is no error", async () => {
  using root = temporaryDirectory();
  const { service, place, commands } = fakeMachine(root.path);
  await service("install", "--data", "/srv/x");
  place(`${unitFile}.d/override.conf`, "");
  commands.length = 0;
  const { code, output } = await service("uninstall");
  expect([code, output, existsSync(join(root.path, unitFile)), commands]).toEqual([
    0,
    `stopped the service, and removed /etc/systemd/system/registry.service

What stays:
  data      /srv/x
  settings  /etc/systemd/system/registry.service.d
  program   /usr/local/bin/registry
  user      registry
`,
    false,
    ["systemctl disable --now registry.service", "systemctl daemon-reload"],
  ]);
  expect(await service("uninstall")).toEqual({
    code: 0,
    output: "there is no /etc/systemd/system/registry.service: nothing to take away\n",
    errors: "",
  });
});

test("uninstall --user needs no root, and names no account", async () => {
  using root = temporaryDirectory();
  const { service } = fakeMachine(root.path, { uid: 1000, env: { HOME: "/home/u" } });
  await service("install", "--user");
  const { output } = await service("uninstall", "--user");
  expect(output).toEndWith(
    "What stays:\n  data      /home/u/.local/share/registry\n  program   /home/u/.local/bin/registry\n",
  );
});

test("a unit of somebody else stays", async () => {
  using root = temporaryDirectory();
  const { service, place, read } = fakeMachine(root.path);
  place(unitFile, "[Unit]\n");
  const { code, errors } = await service("uninstall");
  expect([code, errors, read(unitFile)]).toEqual([
    1,
    "/etc/systemd/system/registry.service was not written by registry service install, and stays",
    "[Unit]\n",
  ]);
});

test("without its configuration file, or with a command of somebody's own, the data is where those say", async () => {
  using root = temporaryDirectory();
  using home = temporaryDirectory();
  const file = join(home.path, "config.yml");
  writeFileSync(file, "version: 0.1\n");
  const { service, place, read } = fakeMachine(root.path, { uid: 1000, env: { HOME: "/home/u" } });
  await service("install", "--user", file);
  rmSync(file);
  expect((await service("uninstall", "--user")).output).toContain(`data      where ${file} says\n`);
  await service("install", "--user");
  const unit = "home/u/.config/systemd/user/registry.service";
  place(unit, read(unit).replace("serve", "'serve'"));
  expect((await service("uninstall", "--user")).output).toContain("data      where ExecStart= of the unit said\n");
});
