import { expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { type FakeMachineOptions, fakeMachine, unitFile } from "./fake-machine.ts";

const packaged = readFileSync(join(import.meta.dir, "../../../packaging/registry.service"), "utf8");
const program = "usr/local/bin/registry";

/** The lines that tell what was done. */
const deeds = (output: string) => output.slice(0, output.indexOf("\n\n")).split("\n");
const changing = /^(?:useradd|systemctl (?:--user )?(?:daemon-reload|enable|start|restart))/;

test("install does everything once, and then finds nothing to do", async () => {
  using root = temporaryDirectory();
  const { service, read, commands } = fakeMachine(root.path);
  const first = await service("install");
  const done = commands.filter((command) => changing.test(command));
  const again = await service("install");
  expect([first.code, deeds(first.output), done.map((command) => command.split(" ").slice(0, 2).join(" "))]).toEqual([
    0,
    [
      "added the user registry",
      "copied this executable to /usr/local/bin/registry",
      "wrote /etc/systemd/system/registry.service",
      "started the service",
    ],
    ["useradd --system", "systemctl daemon-reload", "systemctl enable", "systemctl start"],
  ]);
  expect([read(unitFile), read(program)]).toEqual([packaged, "the executable"]);
  expect([again.code, deeds(again.output), again.errors]).toEqual([
    0,
    ["the service runs already, and nothing has changed for it"],
    "",
  ]);
});

test("install with other arguments shows what changes and restarts; without any it keeps them", async () => {
  using root = temporaryDirectory();
  const { service } = fakeMachine(root.path);
  await service("install");
  const changed = await service("install", "--addr", ":5001");
  const kept = await service("install");
  expect([deeds(changed.output), deeds(kept.output)]).toEqual([
    [
      "changed /etc/systemd/system/registry.service",
      "  - ExecStart=/usr/local/bin/registry serve --data /var/lib/registry",
      "  + ExecStart=/usr/local/bin/registry serve --addr :5001 --data /var/lib/registry",
      "restarted the service",
    ],
    ["the service runs already, and nothing has changed for it"],
  ]);
});

test("a newer executable takes the place of the one that install has put there, and is started", async () => {
  using root = temporaryDirectory();
  const { service, place, read } = fakeMachine(root.path);
  await service("install", "--addr", ":5001");
  place("download/registry", "a newer executable");
  place("proc/7/cmdline", "/usr/local/bin/registry\0serve\0--old\0");
  const { output } = await service("install");
  expect([deeds(output), read(program), read(unitFile).includes("--addr :5001")]).toEqual([
    ["copied this executable to /usr/local/bin/registry", "restarted the service"],
    "a newer executable",
    true,
  ]);
});

test("--user asks for no rights, and nothing outside the home", async () => {
  using root = temporaryDirectory();
  const { service, read, commands } = fakeMachine(root.path, { uid: 1000, env: { HOME: "/home/u" } });
  const { output } = await service("install", "--user");
  expect(deeds(output)).toEqual([
    "copied this executable to /home/u/.local/bin/registry",
    "wrote /home/u/.config/systemd/user/registry.service",
    "started the service",
  ]);
  expect([read("home/u/.local/bin/registry"), existsSync(join(root.path, "home/u/.local/share/registry"))]).toEqual([
    "the executable",
    true,
  ]);
  expect(commands.filter((command) => changing.test(command))).toEqual([
    "systemctl --user daemon-reload",
    "systemctl --user enable registry.service",
    "systemctl --user start registry.service",
  ]);
});

const strangers = [unitFile, program];

test.each([
  [unitFile, "[Unit]\n", "/etc/systemd/system/registry.service was not written by registry service install"],
  [unitFile, "", "/etc/systemd/system/registry.service was not written by registry service install"],
  [
    program,
    "another program",
    "there is another /usr/local/bin/registry: run `/usr/local/bin/registry service install`",
  ],
  ["var/lib/registry/locks/x", "", "/var/lib/registry holds data of another user"],
])("what lies at %p is not touched, and nothing else is done", async (path, text, want) => {
  using root = temporaryDirectory();
  const { service, place, read, commands } = fakeMachine(root.path);
  place(path, text);
  const { code, errors } = await service("install");
  expect([code, errors, read(path)]).toEqual([1, expect.stringContaining(want), text]);
  expect(commands.filter((command) => changing.test(command))).toEqual([]);
  if (strangers.includes(path)) expect((await service("install", "--force")).code).toBe(0);
});

test("a link to this executable is replaced by a copy: the service may not see where it leads", async () => {
  using root = temporaryDirectory();
  const { service, read } = fakeMachine(root.path);
  mkdirSync(join(root.path, "usr/local/bin"), { recursive: true });
  symlinkSync(join(root.path, "download/registry"), join(root.path, program));
  const { code } = await service("install");
  expect([code, lstatSync(join(root.path, program)).isFile(), read(program)]).toEqual([0, true, "the executable"]);
});

test("--force keeps what the other unit serves", async () => {
  using root = temporaryDirectory();
  const { service, place, read } = fakeMachine(root.path);
  place(unitFile, "[Service]\nExecStart=/usr/bin/registry serve --addr :5001\n");
  await service("install", "--force");
  expect(read(unitFile)).toContain("\nExecStart=/usr/local/bin/registry serve --addr :5001 --data /var/lib/registry\n");
});

test.each<[string, FakeMachineOptions["results"], string]>([
  [
    "a unit of a package",
    { "systemctl show registry": { stdout: "FragmentPath=/usr/lib/systemd/system/registry.service\nMainPID=0\n" } },
    "a package has installed /usr/lib/systemd/system/registry.service",
  ],
  [
    "a manager that refuses",
    { "systemctl enable": { code: 1, stderr: "no\n" } },
    "systemctl enable registry.service failed: no",
  ],
  [
    "a service that does not start",
    { "systemctl start": { code: 1, stderr: "Job failed\nSee\n" }, journalctl: { stdout: "in use\n" } },
    "  in use\nthe service is installed, but does not start; its log is above",
  ],
  [
    "a service that does not start and says nothing",
    { "systemctl start": { code: 1, stderr: "Job failed\nSee\n" } },
    "does not start: Job failed. systemd tries again every 5 s",
  ],
])("%s is one error", async (_, results, want) => {
  using root = temporaryDirectory();
  const { service } = fakeMachine(root.path, results === undefined ? {} : { results });
  const { code, errors } = await service("install");
  expect([code, errors]).toEqual([1, expect.stringContaining(want)]);
});

test("a changed ExecStart= is not guessed at", async () => {
  using root = temporaryDirectory();
  const { service, place, read } = fakeMachine(root.path);
  await service("install");
  place(unitFile, read(unitFile).replace("serve", "'serve'"));
  expect((await service("install")).errors).toContain("ExecStart= of the installed unit was changed by hand");
  expect((await service("install", "--data", "/var/lib/registry")).code).toBe(0);
});

test("sources are no executable", async () => {
  using root = temporaryDirectory();
  const { machine, service } = fakeMachine(root.path);
  Object.assign(machine, { executable: undefined });
  expect((await service("install")).errors).toContain("build the executable with `npm run build`");
});

test("variables of the shell are named, since the service does not get them", async () => {
  using root = temporaryDirectory();
  const { service } = fakeMachine(root.path, { env: { REGISTRY_HTTP_ADDR: ":1" } });
  expect((await service("install")).errors).toBe(
    "warning: the service does not get REGISTRY_HTTP_ADDR of this shell: set them with `sudo systemctl edit registry`, as Environment=, or secrets in a file for EnvironmentFile=, since everybody can read Environment=\n",
  );
});
