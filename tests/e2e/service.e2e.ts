// `registry service` under a systemd that runs: installed, changed, upgraded and taken away, for the machine and a user.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type BootedMachine, bootSystemd } from "./booted-systemd.ts";
import { readyMs, requireProgram, requireRoot, waitUntil } from "./program.ts";

const canBoot = [
  requireRoot(),
  requireProgram("/lib/systemd/systemd", "systemd"),
  requireProgram("dbus-daemon", "dbus"),
  requireProgram("curl", "curl"),
  requireProgram("useradd", "passwd"),
].every(Boolean);
const root = join(import.meta.dir, "../..");

const service = "/shared/dist/registry service";
const catalog = (port: number) => `curl --silent --show-error --insecure https://localhost:${port}/v2/_catalog`;
const nothing = '{"repositories":[]}';

/** Runs scripts that have to succeed; what they print. */
function askOn(machine: BootedMachine) {
  return async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await machine.run(script);
    if (code !== 0) throw new Error(`${script}: ${code}\n${stdout}${stderr}`);
    return stdout.trim();
  };
}

/** What the command says that it has done. */
const deeds = (output: string) => output.slice(0, `${output}\n\n`.indexOf("\n\n")).split("\n");

const pid = "systemctl show registry --value --property=MainPID";

describe.skipIf(!canBoot)("registry service", () => {
  test("install serves at once, is repeated without a stop, changes, upgrades, and leaves the data to uninstall", async () => {
    await using machine = await bootSystemd(root);
    const ask = askOn(machine);
    await ask(`${service} install`);
    const first = await ask(pid);
    expect(await ask(catalog(5000))).toBe(nothing);
    expect(deeds(await ask(`${service} install`))).toEqual([
      "the service runs already, and nothing has changed for it",
    ]);
    expect(await ask(pid)).toBe(first);

    // A port that only root may take.
    expect(deeds(await ask(`${service} install --addr :443 --san a.example`)).at(-1)).toBe("restarted the service");
    expect(await ask(catalog(443))).toBe(nothing);

    // Another executable in its place, as a package or an administrator puts it there.
    await ask("cp /usr/local/bin/registry /tmp/new && mv /tmp/new /usr/local/bin/registry");
    expect(deeds(await ask("registry service install"))).toEqual(["restarted the service"]);
    expect(await ask(catalog(443))).toBe(nothing);

    // Settings beside the unit count, and are no reason to start again and again.
    await ask(`d=/etc/systemd/system/registry.service.d; mkdir $d; printf '[Service]\nExecStart=\nExecStart=/usr/local/bin/registry serve --addr :5001\n' > $d/own.conf
      systemctl daemon-reload; systemctl restart registry`);
    expect(deeds(await ask(`${service} install`))).toEqual([
      "the service runs already, and nothing has changed for it",
    ]);
    expect(await ask(catalog(5001))).toBe(nothing);

    const gone = await ask(`${service} uninstall`);
    expect(gone).toContain("data      /var/lib/registry\n  settings  /etc/systemd/system/registry.service.d\n");
    expect(await ask("ls /var/lib/registry/tls/ca.crt; ls /etc/systemd/system/registry.service 2>&1 || :")).toBe(
      "/var/lib/registry/tls/ca.crt\nls: cannot access '/etc/systemd/system/registry.service': No such file or directory",
    );
    expect((await machine.run("systemctl cat registry")).code).toBe(1);
    await ask(`rm -r /etc/systemd/system/registry.service.d; ${service} uninstall; ${service} install`);
    expect(await ask(catalog(5000))).toBe(nothing);
  });

  test("paths with everything in them, a file, directories and links lead to where they say", async () => {
    await using machine = await bootSystemd(root);
    const ask = askOn(machine);
    await ask(`${service} install --data '/srv/da ta %h "q" $x '\\''y'\\'' z\\w;'`);
    expect(await ask("cd /srv && ls && ls */tls/ca.crt && stat --format='%U %a' *")).toBe(
      `da ta %h "q" $x 'y' z\\w;\nda ta %h "q" $x 'y' z\\w;/tls/ca.crt\nregistry 750`,
    );
    expect(deeds(await ask(`${service} install`))).toEqual([
      "the service runs already, and nothing has changed for it",
    ]);

    const config =
      "{version: 0.1, http: {addr: ':5002', tls: {selfsigned: {directory: /srv/tls}}}, log: {audit: /var/log/registry/audit}, storage: {filesystem: {rootdirectory: /srv/x y}}}";
    await ask(
      `mkdir /etc/registry; echo "${config}" > '/etc/registry/a b.yml'; ${service} install '/etc/registry/a b.yml'`,
    );
    expect(await ask(catalog(5002))).toBe(nothing);
    expect(await ask("stat --format='%U %n' /srv/tls/ca.crt /var/log/registry/audit /srv/x*/locks")).toBe(
      "registry /srv/tls/ca.crt\nregistry /var/log/registry/audit\nregistry /srv/x y/locks",
    );

    await ask(`mkdir -p /srv/disk; ln -s /srv/disk /var/lib/registry; ${service} install --data /var/lib/registry`);
    expect(await ask("stat --format=%U /srv/disk/locks")).toBe("registry");
  });

  test("what is refused is refused before anything is changed, and says what to do", async () => {
    await using machine = await bootSystemd(root);
    const ask = askOn(machine);
    const refused = async (script: string) => {
      const { code, stdout, stderr } = await machine.run(script);
      expect([code, stdout]).toEqual([1, ""]);
      return stderr;
    };
    await ask(
      "useradd --create-home ann; systemd-run --unit=trial /shared/dist/registry serve --data /var/lib/registry --addr :5009",
    );
    await waitUntil("root has data there", async () => (await machine.run("ls /var/lib/registry/locks")).code === 0);
    expect(await refused(`${service} install`)).toContain(
      "type `sudo useradd --system --user-group registry && sudo chown",
    );
    expect(await refused(`setpriv --reuid=ann --regid=ann --clear-groups ${service} install`)).toContain("needs root");
    expect(await refused(`${service} install --data /home/ann/x`)).toContain("it sees no home directories");
    expect(
      await refused("cp /shared/dist/registry /tmp/; SUDO_USER=ann /tmp/registry service install --user"),
    ).toContain("leave sudo out");
    expect(
      await ask(
        "getent passwd registry; ls /etc/systemd/system/registry.service /usr/local/bin/registry 2>/dev/null; :",
      ),
    ).toBe("");

    // It cannot start: the cause is shown, and once it is gone systemd starts it.
    const failed = await machine.run(`${service} install --addr :5009 --data /srv/x`);
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining(":5009 is already in use")]);
    await ask("systemctl stop trial");
    await waitUntil("it serves", async () => (await machine.run(catalog(5009))).stdout === nothing);
  });

  test("--user serves without root, from a home with a space in it, and goes again", async () => {
    await using machine = await bootSystemd(root);
    const ask = askOn(machine);
    await ask("useradd --create-home --home-dir '/home/an n' ann; loginctl enable-linger ann");
    await waitUntil(
      "ann's service manager runs",
      async () => (await machine.run("test -e /run/user/$(id -u ann)/systemd/private")).code === 0,
      { deadlineMs: readyMs },
    );
    const asAnn = (words: string) =>
      ask(`cd /; setpriv --reuid=ann --regid=ann --init-groups env --unset=XDG_RUNTIME_DIR HOME='/home/an n' ${words}`);
    expect(deeds(await asAnn(`${service} install --user`))).toEqual(
      [
        "copied this executable to /home/an n/.local/bin/registry",
        "wrote /home/an n/.config/systemd/user/registry.service",
        "started the service",
        "",
      ].filter((line) => line !== ""),
    );
    expect(await ask(catalog(5000))).toBe(nothing);
    expect(deeds(await asAnn(`${service} install --user`))).toEqual([
      "the service runs already, and nothing has changed for it",
    ]);
    expect(await asAnn(`${service} uninstall --user`)).toContain("data      /home/an n/.local/share/registry");
    expect((await machine.run(catalog(5000))).code).not.toBe(0);
    expect(await ask("ls '/home/an n/.local/share/registry/tls/ca.crt'; getent passwd registry; :")).toEndWith(
      "ca.crt",
    );
  });
});
