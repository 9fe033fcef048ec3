// A machine of the test's own that systemd has booted: namespaces, this machine's programs, and nothing of what it
// writes is left.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { environment, type Outcome, readyMs, run, waitUntil } from "./program.ts";

/** The machine. It ends with its disposal. */
export interface BootedMachine extends AsyncDisposable {
  /** Runs a script of sh there, in the directory that was given. */
  run(script: string): Promise<Outcome>;
}

/**
 * The root is this machine's, under a layer in memory. What systemd would tell the kernel that both machines share is
 * masked.
 */
const boot = `
  set -e
  place=$1 shared=$2
  mount --make-rprivate /
  mount -t tmpfs tmpfs "$place"
  mkdir "$place/upper" "$place/work" "$place/root"
  mount -t overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" overlay "$place/root"
  cd "$place/root"
  mkdir -p shared old
  mount --bind "$shared" shared
  mount -t proc proc proc
  mount --bind proc/sys proc/sys
  mount -o remount,bind,ro proc/sys
  mount -t sysfs -o ro sysfs sys
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then mount -t cgroup2 cgroup2 sys/fs/cgroup; else
    mount -t tmpfs tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
    mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
  fi
  mount -t tmpfs tmpfs dev
  for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
  mkdir dev/shm dev/pts dev/mqueue dev/hugepages
  mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  for directory in run tmp var/tmp var/log; do mount -t tmpfs tmpfs $directory; done
  rm -rf etc/systemd/system
  mkdir etc/systemd/system
  ln -s /lib/systemd/system/multi-user.target etc/systemd/system/default.target
  for unit in systemd-sysctl systemd-modules-load systemd-remount-fs systemd-udevd systemd-udev-trigger console-getty; do
    ln -s /dev/null etc/systemd/system/$unit.service
  done
  : > etc/fstab
  echo 0123456789abcdef0123456789abcdef > etc/machine-id
  pivot_root . old
  umount -l old
  container=test exec /lib/systemd/systemd --system
`;

const namespaces = ["--mount", "--pid", "--cgroup", "--ipc", "--uts", "--net"];

/** Boots; `shared` is the directory of this machine that scripts run in. */
export async function bootSystemd(shared: string): Promise<BootedMachine> {
  const directory = temporaryDirectory();
  const groups = makeControlGroups(`registry-systemd-${process.pid}`);
  const enter = groups.map((group) => `echo $$ > ${group}/cgroup.procs; `).join("");
  const isolate = ["unshare", ...namespaces, "--fork", "--kill-child", "sh", "-c", boot, "sh", directory.path, shared];
  const child = Bun.spawn(["sh", "-c", `${enter}exec "$@"`, "sh", ...isolate], {
    env: environment(),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const dispose = async () => {
    child.kill("SIGKILL");
    await child.exited;
    for (const group of groups) await waitUntil(`${group} is empty`, () => removeControlGroup(group));
    directory[Symbol.dispose]();
  };
  const enterAndRun = async (script: string) => {
    const pid = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
    return await run(["nsenter", `--target=${pid}`, ...namespaces, "sh", "-c", `cd /shared; ${script}`]);
  };
  try {
    await waitUntil(
      "systemd has booted",
      async () => {
        if (child.exitCode !== null) throw new Error(`no machine: ${await child.stderr.text()}`);
        // Degraded is a machine where a unit failed that this test has no use for.
        return /running|degraded/.test((await enterAndRun("systemctl is-system-running 2>&1")).stdout);
      },
      { deadlineMs: readyMs },
    );
  } catch (error) {
    await dispose();
    throw error;
  }
  return { run: enterAndRun, [Symbol.asyncDispose]: dispose };
}

/** A group in each hierarchy that systemd looks after. */
function makeControlGroups(name: string): readonly string[] {
  const root = "/sys/fs/cgroup";
  const hierarchies = existsSync(`${root}/cgroup.controllers`) ? [root] : [`${root}/systemd`, `${root}/unified`];
  const groups = hierarchies.map((hierarchy) => join(hierarchy, name));
  for (const group of groups) mkdirSync(group, { recursive: true });
  return groups;
}

/** False while a process is in it. */
function removeControlGroup(group: string): boolean {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true }))
      if (entry.isDirectory() && !removeControlGroup(join(group, entry.name))) return false;
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}
