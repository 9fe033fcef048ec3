// A docker engine of the test's own, with its data, its socket and its /etc/docker apart from the machine's.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { environment, inNamespace, must, type Outcome, readyMs, run, waitUntil } from "./program.ts";

/** How an engine is started. */
export interface EngineOptions {
  /** A network namespace. */
  readonly namespace?: string;
  /** Registries that it may speak plain HTTP to. */
  readonly insecureRegistries?: readonly string[];
  /** Caches that are asked for images of Docker Hub first. */
  readonly registryMirrors?: readonly string[];
}

/** An engine that answers. */
export interface Engine extends AsyncDisposable {
  /** Runs the docker client. */
  docker(...args: string[]): Promise<Outcome>;
  /** Runs the docker client, which has to succeed. */
  mustDocker(...args: string[]): Promise<string>;
  /** Runs a program on the engine's host: with its network and its /etc. */
  onHost(...command: string[]): Promise<Outcome>;
}

/**
 * In a mount namespace of its own: what it mounts goes away with it, and certificates of trusted registries are put
 * into its own /etc/docker. An engine starts only where control groups are mounted, which a container's or a minimal
 * machine's init may not have done.
 */
const prepareHost = `
  set -e
  mkdir -p /etc/docker
  mount -t tmpfs tmpfs /etc/docker
  if ! grep -q ' - cgroup2\\? ' /proc/self/mountinfo; then mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi
  exec dockerd "$@"
`;

/** Starts an engine; throws its log where it does not come up. */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const { namespace, insecureRegistries = [], registryMirrors = [] } = options;
  const home = temporaryDirectory();
  const at = (name: string) => join(home.path, name);
  writeFileSync(
    at("daemon.json"),
    JSON.stringify({ "insecure-registries": insecureRegistries, "registry-mirrors": registryMirrors }),
  );
  mkdirSync(at("client"));
  const flags = ["--iptables=false", "--ip6tables=false", "--bridge=none", "--config-file", at("daemon.json")];
  const places = ["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid")];
  const host = `unix://${at("docker.sock")}`;
  const child = Bun.spawn(
    inNamespace(
      ["unshare", "--mount", "sh", "-c", prepareHost, "dockerd", ...flags, ...places, "--host", host],
      namespace,
    ),
    { env: engineEnvironment(), stdin: "ignore", stdout: "ignore", stderr: Bun.file(at("log")) },
  );
  const docker = (...args: string[]) =>
    run(["docker", "--host", host, ...args], { env: { DOCKER_CONFIG: at("client"), DOCKER_CONTEXT: undefined } });
  const dispose = async () => {
    await end(child);
    rmSync(home.path, { recursive: true, force: true });
  };
  try {
    await waitUntil(
      "the docker engine answers",
      async () => {
        if (child.exitCode !== null) throw new Error(`the docker engine ended with ${child.exitCode}`);
        return (await docker("version")).code === 0;
      },
      { deadlineMs: readyMs },
    );
  } catch (error) {
    const log = readFileSync(at("log"), "utf8");
    await dispose();
    throw new Error(`${String(error)}\n${log.slice(-4000)}`);
  }
  return {
    docker,
    mustDocker: async (...args) => {
      const { code, stdout, stderr } = await docker(...args);
      if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}\n${stdout}${stderr}`);
      return stdout;
    },
    onHost: (...command) => run(["nsenter", `--target=${child.pid}`, "--mount", "--net", ...command]),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Makes the image that tutorials push, from Debian's busybox; its identifier. */
export async function importBusybox(engine: Engine, tag: string): Promise<string> {
  using tree = temporaryDirectory();
  mkdirSync(join(tree.path, "root/bin"), { recursive: true });
  writeFileSync(join(tree.path, "root/bin/busybox"), readFileSync("/bin/busybox"), { mode: 0o755 });
  await must(["ln", "-s", "busybox", join(tree.path, "root/bin/sh")]);
  const archive = join(tree.path, "busybox.tar");
  await must(["tar", "-C", join(tree.path, "root"), "--owner=0", "--group=0", "-cf", archive, "."]);
  await engine.mustDocker("import", "--change", 'CMD ["/bin/sh"]', archive, tag);
  return await identify(engine, tag);
}

/** The identifier of an image that the engine has. */
export async function identify(engine: Engine, tag: string): Promise<string> {
  return (await engine.mustDocker("image", "inspect", "--format", "{{.Id}}", tag)).trim();
}

/** A proxy of the machine's must not stand between the test's own hosts. */
function engineEnvironment(): Record<string, string> {
  return environment({ HTTP_PROXY: undefined, HTTPS_PROXY: undefined, http_proxy: undefined, https_proxy: undefined });
}

/** The engine ends its own containerd when it is asked to end, and the kernel does when it is killed. */
async function end(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  await child.exited;
  clearTimeout(timer);
}
