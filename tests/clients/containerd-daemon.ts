// A containerd of the test's own: its data, its socket and its /etc/containerd are apart from the machine's.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, inNamespace, type Outcome, readyMs, run, waitUntil } from "../e2e/program.ts";
import type { Site } from "./site.ts";

/** A containerd that answers. */
export interface Containerd extends AsyncDisposable {
  /** Runs ctr in a namespace of containerd's that is the test's own. */
  ctr(...args: readonly string[]): Promise<Outcome>;
  /** Runs ctr, which has to succeed. */
  mustCtr(...args: readonly string[]): Promise<string>;
  /** Runs a program with containerd's /etc and network. */
  onHost(...command: readonly string[]): Promise<Outcome>;
}

/** In a mount namespace of its own, which goes away with it. */
const prepareHost = `
  set -e
  mkdir -p /etc/containerd
  mount -t tmpfs tmpfs /etc/containerd
  exec containerd "$@"
`;

/** Starts a containerd in the site's home, and in a network namespace where one is given; throws its log where it does not come up. */
export async function startContainerd(site: Site, namespace?: string): Promise<Containerd> {
  const socket = site.at("containerd.sock");
  const log = Bun.file(site.at("containerd.log"));
  writeFileSync(site.at("containerd.toml"), formatConfiguration(site.home));
  const child = Bun.spawn(
    inNamespace(
      ["unshare", "--mount", "sh", "-c", prepareHost, "containerd", "--config", site.at("containerd.toml")],
      namespace,
    ),
    { env: environment(), stdin: "ignore", stdout: "ignore", stderr: log },
  );
  const onHost = (...command: readonly string[]) =>
    run(["nsenter", `--target=${child.pid}`, "--mount", "--net", ...command]);
  const ctr = (...args: readonly string[]) => onHost("ctr", "--address", socket, "--namespace", "test", ...args);
  const dispose = async () => {
    child.kill("SIGTERM");
    await child.exited;
  };
  try {
    await waitUntil(
      "containerd answers",
      async () => {
        if (child.exitCode !== null) throw new Error(`containerd ended with ${child.exitCode}`);
        return (await ctr("version")).code === 0;
      },
      { deadlineMs: readyMs },
    );
  } catch (error) {
    await dispose();
    throw new Error(`${String(error)}\n${(await log.text()).slice(-4000)}`);
  }
  return {
    ctr,
    mustCtr: async (...args) => {
      const { code, stdout, stderr } = await ctr(...args);
      if (code !== 0 || hasPassedOver(stderr))
        throw new Error(`ctr ${args.join(" ")} ended with ${code}\n${stdout}${stderr}`);
      return stdout;
    },
    onHost,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Whether its log tells of a file that it could not read; its progress display fails too, when the pull ends first. */
function hasPassedOver(log: string): boolean {
  return log.split("\n").some((line) => line.includes("failed to") && !line.includes("context canceled"));
}

/** Without what needs a kernel module or a network. */
function formatConfiguration(home: string): string {
  const disabled = ["grpc.v1.cri", "snapshotter.v1.aufs", "snapshotter.v1.btrfs", "snapshotter.v1.devmapper"];
  const plugins = [...disabled, "snapshotter.v1.zfs", "internal.v1.opt"].map((name) => `"io.containerd.${name}"`);
  return [
    "version = 2",
    `root = "${join(home, "containerd-root")}"`,
    `state = "${join(home, "containerd-state")}"`,
    `disabled_plugins = [${plugins.join(", ")}]`,
    "[grpc]",
    `address = "${join(home, "containerd.sock")}"`,
    "",
  ].join("\n");
}
