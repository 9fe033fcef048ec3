// The systemd unit: what systemd says of it, and that the registry works within its limits.
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { executable, startRegistry } from "./executable.ts";
import { pullImage, pushImage } from "./image.ts";
import { must, requireProgram, requireRoot, run } from "./program.ts";
import { manualLines } from "./service-lines.ts";

const root = join(import.meta.dir, "../..");
const unitPath = join(root, "packaging/registry.service");
const unit = readFileSync(unitPath, "utf8");
const hasSystemd = requireProgram("systemd-analyze", "systemd");
const canInstall = [
  hasSystemd,
  requireRoot(),
  requireProgram("strace", "strace"),
  requireProgram("setpriv", "util-linux"),
  requireProgram("useradd", "passwd"),
].every(Boolean);

/** The values of a setting, in their order. */
function valuesOf(setting: string): string[] {
  return [...unit.matchAll(new RegExp(`^${setting}=(.*)$`, "gm"))].map((match) => match[1] ?? "");
}

test("the unit has what keeps the service apart from the rest of the machine", () => {
  const settings = {
    ExecStart: ["/usr/local/bin/registry serve --data /var/lib/registry"],
    User: ["registry"],
    Group: ["registry"],
    StateDirectory: ["registry"],
    WorkingDirectory: ["/var/lib/registry"],
    ProtectSystem: ["strict"],
    ProtectHome: ["yes"],
    NoNewPrivileges: ["yes"],
    CapabilityBoundingSet: [""],
    Restart: ["on-failure"],
    UnsetEnvironment: [
      "BUN_BE_BUN BUN_OPTIONS BUN_INSPECT BUN_INSPECT_CONNECT_TO BUN_INSPECT_PRELOAD NODE_OPTIONS",
      "NODE_TLS_REJECT_UNAUTHORIZED BUN_CONFIG_VERBOSE_FETCH",
    ],
    // It would switch off the compiler of the JavaScript engine.
    MemoryDenyWriteExecute: [],
  };
  const found = Object.fromEntries(Object.keys(settings).map((setting) => [setting, valuesOf(setting)]));
  expect(found).toEqual(settings);
});

test("the executable prints the unit", async () => {
  const printed = await must([executable, "service", "install", "--print"]);
  // Below /usr or /opt it would stay where it is.
  expect(printed.replace(executable, "/usr/local/bin/registry")).toBe(unit);
});

describe.skipIf(!hasSystemd)("systemd-analyze", () => {
  const verify = ["verify", "--man=no", "--recursive-errors=one"];
  // Exposure from 0 to 100; a service without any restriction has 96.
  const security = ["security", "--offline=true", "--no-pager", "--threshold=20"];
  const hardened = "ProtectSystem=strict";
  const fine = /^$/;

  test.each([
    [verify, hardened, hardened, 0, fine],
    [verify, hardened, "ProtectSystem=strictly", 1, /:\d+: .*strictly/],
    [verify, hardened, "ProtectSytem=strict", 1, /:\d+: Unknown key .*ProtectSytem/],
    [security, hardened, hardened, 0, fine],
    [security, "CapabilityBoundingSet=\n", "", 1, fine],
  ])("%j of the unit with %j as %j", async (command, from, to, code, stderr) => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "registry.service");
    // Verification wants the executable to be there.
    writeFileSync(path, unit.replace(from, to).replaceAll("/usr/local/bin/registry", executable));
    const outcome = await run(["systemd-analyze", ...command, path]);
    expect(outcome).toEqual({ code, stdout: expect.any(String), stderr: expect.stringMatching(stderr) });
  });
});

describe.skipIf(!canInstall)("installed by hand", () => {
  test("it serves as its own user, without capabilities, and without the system calls that the unit forbids", async () => {
    using data = temporaryDirectory();
    using scratch = temporaryDirectory();
    const forbidden = (await forbiddenCalls()).map((name) => `?${name}`).join(",");
    await using registry = await startRegistry({
      under: ["unshare", "--mount", "sh", "-c", installAndStart, "sh", scratch.path, data.path, forbidden],
      executable: "/usr/local/bin/registry",
      data: "/var/lib/registry",
      cwd: root,
      env: { LINES: manualLines },
    });
    const owner = await must(["stat", "--format=%U", `/proc/${registry.pid}`]);
    const status = readFileSync(`/proc/${registry.pid}/status`, "utf8");
    const isTraced = /^TracerPid:\s+[1-9]/m.test(status);
    expect([/^CapEff:\s+(\w+)$/m.exec(status)?.[1], owner.trim() === "root", isTraced]).toEqual([
      "0000000000000000",
      false,
      true,
    ]);

    const ca = readFileSync(join(data.path, "tls/ca.crt"), "utf8");
    const inside = {
      ...registry,
      fetch: (path: string, init: RequestInit = {}) => fetch(registry.url + path, { ...init, tls: { ca } }),
    };
    await pushImage(inside, "as/service");
    await pullImage(inside, "as/service");
    expect((await inside.fetch("/v2/as/service/manifests/latest", { method: "DELETE" })).status).toBe(202);
    expect(await registry.stop()).toBe(0);
  });
});

/**
 * Follows docs/operation.md in a mount namespace of its own, where /etc, /usr/local/bin and /var/lib can be written to without a
 * trace; then starts the registry as the unit does. There is no systemd that runs: enabling is all that it can do.
 */
const installAndStart = `
  set -e
  scratch=$1 data=$2 forbidden=$3
  shift 3
  mount -t tmpfs tmpfs "$scratch"
  for place in /etc /usr/local/bin /var/lib; do
    mkdir -p "$scratch$place/upper" "$scratch$place/work"
    mount -t overlay -o "lowerdir=$place,upperdir=$scratch$place/upper,workdir=$scratch$place/work" overlay "$place"
  done
  sudo() {
    if [ "$1 $2 $3" = "systemctl enable --now" ]; then shift 3; set -- systemctl enable "$@"; fi
    "$@"
  }
  eval "$LINES" >&2
  test -e /etc/systemd/system/multi-user.target.wants/registry.service
  install -d -o registry -g registry -m 750 /var/lib/registry
  mount --bind "$data" /var/lib/registry
  chown registry:registry /var/lib/registry
  cd /var/lib/registry
  exec setpriv --reuid=registry --regid=registry --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all \\
    strace -D -f -qq --seccomp-bpf -o /dev/null -e "trace=$forbidden" "--inject=$forbidden:error=EPERM" -- "$@"
`;

/** What the unit's SystemCallFilter= forbids, of all calls that systemd knows. */
async function forbiddenCalls(): Promise<string[]> {
  const [allowed, removed] = valuesOf("SystemCallFilter");
  if (allowed === undefined || removed?.startsWith("~") !== true)
    throw new Error("not the filter that this test knows");
  const known = new Set(await callsOf("@known"));
  const left = new Set(await callsOf(...allowed.split(" ")));
  for (const name of await callsOf(...removed.slice(1).split(" "))) left.delete(name);
  // systemd lets these pass always, since nothing could be started without them.
  for (const name of await callsOf("@default")) left.add(name);
  return [...known].filter((name) => !left.has(name));
}

/** The system calls of sets, with those of the sets in them. */
async function callsOf(...sets: readonly string[]): Promise<string[]> {
  const calls: string[] = [];
  for (const set of sets) {
    const lines = (await must(["systemd-analyze", "syscall-filter", set])).split("\n").slice(1);
    const names = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
    for (const name of names) calls.push(...(name.startsWith("@") ? await callsOf(name) : [name]));
  }
  return calls;
}
