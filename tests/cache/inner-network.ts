// A network of the test's own, with public, private and link-local addresses and with names for them, in which an upstream
// sends everybody where it is told to.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { environment, inNamespace, must, run } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** A request that reached the upstream, whatever name it was asked by. */
export interface Reached {
  /** The address that was connected to. */
  readonly address: string;
  readonly host: string;
  /** Absolute where it came as to a proxy. */
  readonly url: string;
  readonly authorization: string | null;
}

/** What the upstream does with a repository. */
export interface InnerUpstream {
  /** Where blobs of a repository are said to be. */
  readonly redirects?: Readonly<Record<string, string>>;
  /** Where tokens for a repository are said to be. */
  readonly realms?: Readonly<Record<string, string>>;
}

/** The network; the upstream listens at every address of it, on `port`. */
export interface InnerNetwork extends AsyncDisposable {
  readonly port: number;
  /** The digest of the only blob. */
  readonly digest: string;
  startCache(remoteUrl: string, options?: InnerCacheOptions): Promise<StartedRegistry>;
  /** Asks the cache; the status and the body. */
  ask(
    cache: StartedRegistry,
    path: string,
  ): Promise<{ readonly status: number; readonly head: string; readonly body: string }>;
  /** From now on the name has this address alone. */
  turn(name: string, address: string): void;
  /** What reached the upstream since the last time. */
  reached(): readonly Reached[];
}

/** How a cache in the network is started. */
export interface InnerCacheOptions {
  readonly data?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Without the names of the network. */
  readonly isNameless?: boolean;
}

/** Addresses that only look public, by name. What stands there twice has two. */
const names = [
  ["203.0.113.10", "home.example"],
  ["203.0.113.11", "cdn.example"],
  ["203.0.113.11", "both.example"],
  ["10.83.0.1", "both.example"],
  ["10.83.0.1", "inner.example"],
  ["10.83.0.2", "intern.example"],
  ["127.0.0.1", "loop.example"],
  ["169.254.169.254", "meta.example"],
] as const;
const port = 5000;

/** Makes the network. Needs root. */
export async function makeInnerNetwork(upstream: InnerUpstream): Promise<InnerNetwork> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(temporaryDirectory());
  const at = (name: string) => join(directory.path, name);
  const namespace = `registry-inner-${process.pid}`;
  await must(["ip", "netns", "add", namespace]);
  opened.defer(async () => void (await run(["ip", "netns", "delete", namespace])));
  await must(["ip", "-n", namespace, "link", "set", "lo", "up"]);
  for (const address of new Set(names.map(([each]) => each)).difference(new Set(["127.0.0.1"]))) {
    await must(["ip", "-n", namespace, "address", "add", `${address}/32`, "dev", "lo"]);
  }
  // In place, since the file is mounted.
  const writeHosts = (lines: readonly (readonly [string, string])[]) =>
    writeFileSync(at("hosts"), ["127.0.0.1 localhost", ...lines.map((line) => line.join(" ")), ""].join("\n"));
  writeHosts(names);
  writeFileSync(at("no-hosts"), "127.0.0.1 localhost\n");
  writeFileSync(at("no-servers"), "");
  writeFileSync(at("upstream.json"), JSON.stringify({ ...upstream, port, log: at("log") }));
  writeFileSync(at("log"), "");
  const script = fileURLToPath(import.meta.resolve("./inner-upstream.ts"));
  const child = Bun.spawn(inNamespace([process.execPath, script, at("upstream.json")], namespace), {
    env: environment(),
    stdout: "pipe",
    stderr: "inherit",
  });
  opened.defer(async () => {
    child.kill();
    await child.exited;
  });
  const { value } = await child.stdout.getReader().read();
  const digest = new TextDecoder().decode(value).trim();
  if (!digest.startsWith("sha256:")) throw new Error("the upstream does not listen");
  // With names, and without servers that could be asked for more.
  const mounts = 'mount --bind "$1" /etc/hosts; mount --bind "$2" /etc/resolv.conf; shift 2; exec "$@"';
  let read = 0;
  const kept = opened.move();
  return {
    port,
    digest,
    startCache: (remoteUrl, { data, env, isNameless = false } = {}) =>
      startRegistry({
        args: ["--http", "--log-level", "debug"],
        env: { REGISTRY_PROXY_REMOTEURL: remoteUrl, HTTP_PROXY: undefined, HTTPS_PROXY: undefined, ...env },
        namespace,
        under: [
          "unshare",
          "--mount",
          "sh",
          "-c",
          mounts,
          "sh",
          at(isNameless ? "no-hosts" : "hosts"),
          at("no-servers"),
        ],
        ...(data === undefined ? {} : { data }),
      }),
    ask: async (cache, path) => {
      const { stdout } = await run(["curl", "-sS", "-D", at("head"), "-w", "\n%{http_code}", `${cache.url}${path}`], {
        namespace,
      });
      const end = stdout.lastIndexOf("\n");
      return { status: Number(stdout.slice(end)), head: readFileSync(at("head"), "utf8"), body: stdout.slice(0, end) };
    },
    turn: (name, address) => writeHosts([...names.filter((line) => line[1] !== name), [address, name]]),
    reached: () => {
      const lines = readFileSync(at("log"), "utf8").split("\n").slice(0, -1);
      const news = lines.slice(read).map((line): Reached => JSON.parse(line));
      read = lines.length;
      return news;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
