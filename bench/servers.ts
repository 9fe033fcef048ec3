// The two registries that are measured: the built executable, and Debian's docker-registry on the same disk.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A registry under measurement. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to its first answer, in milliseconds. */
  readonly startMs: number;
}

async function untilAnswer(url: string): Promise<void> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    try {
      await fetch(`${url}/v2/`);
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await Bun.sleep(1);
    }
  }
}

function freePort(): number {
  const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const port = probe.port ?? 0;
  void probe.stop(true);
  return port;
}

async function start(name: string, command: readonly string[], port: number): Promise<Contender> {
  const url = `http://127.0.0.1:${port}`;
  const startedMs = performance.now();
  const child = Bun.spawn([...command], { stdout: "ignore", stderr: "ignore", env: { PATH: process.env.PATH ?? "" } });
  await untilAnswer(url);
  const startMs = performance.now() - startedMs;
  return {
    name,
    url,
    pid: child.pid,
    startMs,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
    },
  };
}

/** The executable, with data in the directory; a cache where another registry is named. */
export async function startRegistry(directory: string, remoteUrl?: string): Promise<Contender> {
  const port = freePort();
  const data = join(directory, "registry");
  const command = remoteUrl === undefined ? ["serve"] : ["proxy", remoteUrl];
  const options = [...command, "--http", "--addr", `127.0.0.1:${port}`, "--data", data, "--log-level", "warn"];
  return start("registry", [join(import.meta.dir, "../dist/registry"), ...options], port);
}

/** Debian's docker-registry in the same way, and logging switched down as far as it goes. */
export async function startDockerRegistry(directory: string, remoteUrl?: string): Promise<Contender> {
  const port = freePort();
  const data = join(directory, "docker-registry");
  mkdirSync(data, { recursive: true });
  const file = join(directory, "docker-registry.yml");
  const storage = {
    filesystem: { rootdirectory: data },
    delete: { enabled: true },
    cache: { blobdescriptor: "inmemory" },
  };
  const log = { level: "error", accesslog: { disabled: true } };
  const proxy = remoteUrl === undefined ? {} : { proxy: { remoteurl: remoteUrl } };
  writeFileSync(file, JSON.stringify({ version: 0.1, log, storage, http: { addr: `127.0.0.1:${port}` }, ...proxy }));
  return start("docker-registry", ["docker-registry", "serve", file], port);
}

/** A directory in memory, empty. */
export function emptyDirectory(): string {
  const path = "/dev/shm/registry-bench";
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}
