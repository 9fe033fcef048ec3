// A whole Ceph of four processes on loopback, whose objects are in memory: monitor, manager, one disk, S3 gateway.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../cache/caches.ts";
import { environment, must, waitUntil } from "../../e2e/program.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import type { Halt } from "./engines.ts";

/** One that runs. */
export interface RunningCeph extends AsyncDisposable {
  readonly endpoint: URL;
  /** Kills the gateway, or stops it; returns what lets it go on. */
  halt(how: Halt): Promise<() => Promise<void>>;
}

/** Starts one with a user who has these keys. */
export async function startCeph(keys: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}): Promise<RunningCeph> {
  const home = temporaryDirectory();
  const [port, monitorPort] = [freePort(), freePort()];
  for (const name of ["mon", "osd", "mgr", "run", "log"]) mkdirSync(join(home.path, name));
  const configuration = join(home.path, "ceph.conf");
  const id = crypto.randomUUID();
  const monitor = `v2:127.0.0.1:${monitorPort}`;
  writeFileSync(configuration, configurationOf({ directory: home.path, id, monitor, port }));
  const children: Bun.Subprocess[] = [];
  const call = async (program: string, ...rest: readonly string[]) =>
    await must([program, "-c", configuration, ...rest], { cwd: home.path });
  const start = (program: string, ...rest: readonly string[]) => {
    const command = [program, "-f", "-c", configuration, ...rest];
    const quiet = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
    const child = Bun.spawn(command, { env: environment(), cwd: home.path, ...quiet });
    children.push(child);
    return child;
  };
  const dispose = async () => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map(async (child) => await child.exited));
    home[Symbol.dispose]();
  };
  try {
    await must(["monmaptool", "--create", "--fsid", id, "--addv", "a", `[${monitor}]`, "monmap"], { cwd: home.path });
    await must(
      ["ceph-authtool", "--create-keyring", "--gen-key", "--name=mon.", "keyring", "--cap", "mon", "allow *"],
      { cwd: home.path },
    );
    for (const name of ["client.admin", "client.rgw", "mgr.x", "osd.0"]) {
      const rights = ["mon", "osd", "mgr"].flatMap((kind) => ["--cap", kind, "allow *"]);
      await must(["ceph-authtool", "--gen-key", `--name=${name}`, ...rights, "keyring"], { cwd: home.path });
    }
    await call("ceph-mon", "-i", "a", "--mkfs", "--monmap", "monmap", "--keyring", "keyring");
    start("ceph-mon", "-i", "a");
    start("ceph-mgr", "-i", "x");
    const disk = crypto.randomUUID();
    await call("ceph", "osd", "new", disk, "0");
    await call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk);
    start("ceph-osd", "-i", "0");
    await waitUntil("the disk is up", async () => (await call("ceph", "osd", "stat")).includes("1 up"), {
      deadlineMs: 120_000,
    });
    const startGateway = () => start("radosgw", "-n", "client.rgw");
    let gateway = startGateway();
    const user = ["user", "create", "--uid=probe", "--display-name=probe"];
    await call(
      "radosgw-admin",
      "-n",
      "client.rgw",
      ...user,
      `--access-key=${keys.accessKeyId}`,
      `--secret-key=${keys.secretAccessKey}`,
    );
    const halt = async (how: Halt) => {
      if (how === "frozen") {
        gateway.kill("SIGSTOP");
        return async () => gateway.kill("SIGCONT");
      }
      gateway.kill("SIGKILL");
      await gateway.exited;
      return async () => {
        gateway = startGateway();
      };
    };
    return { endpoint: new URL(`http://127.0.0.1:${port}`), halt, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function configurationOf(places: {
  readonly directory: string;
  readonly id: string;
  readonly monitor: string;
  readonly port: number;
}): string {
  const { directory, id, monitor, port } = places;
  return `[global]
fsid = ${id}
mon host = [${monitor}]
public network = 127.0.0.0/8
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${directory}/keyring
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
mon warn on pool no redundancy = false
osd crush chooseleaf type = 0
osd pool default pg num = 8
osd pool default pgp num = 8
osd objectstore = memstore
memstore device bytes = 4294967296
osd data = ${directory}/osd
mon data = ${directory}/mon
mgr data = ${directory}/mgr
run dir = ${directory}/run
admin socket = ${directory}/run/$cluster-$name.asok
log file = ${directory}/log/$name.log
pid file = ${directory}/run/$name.pid
mon cluster log file = ${directory}/log/cluster.log
ms bind ipv4 = true
ms bind ipv6 = false
mon data avail crit = 1
mon data avail warn = 2
mgr initial modules =
debug mon = 0
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw thread pool size = 64
rgw dns name = 127.0.0.1
rgw enable usage log = false
`;
}
