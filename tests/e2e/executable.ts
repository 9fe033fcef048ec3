// The built executable, started as a user would start it.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { environment, inNamespace } from "./program.ts";

/** What `npm run build` makes; REGISTRY_EXECUTABLE names another one to be tested. */
export const executable = resolve(process.env.REGISTRY_EXECUTABLE ?? join(import.meta.dir, "../../dist/registry"));

/** How a registry is started. */
export interface StartOptions {
  /** `serve` where absent. */
  readonly command?: readonly string[];
  /** After `--data <data> --addr 127.0.0.1:0 --workers 1`; another `--addr` or `--workers` replaces that one. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A directory that outlives this process; else one of its own is made and removed. */
  readonly data?: string;
  /** Whether the environment or a file says where the data lies, rather than `--data`. */
  readonly isPlaced?: boolean;
  readonly cwd?: string;
  /** A network namespace. */
  readonly namespace?: string;
  /** A command to run it under. It has to replace itself with the registry. */
  readonly under?: readonly string[];
  /** A copy of the executable. */
  readonly executable?: string;
}

/** A registry that listens. */
export interface StartedRegistry extends AsyncDisposable {
  /** As printed, such as https://127.0.0.1:40123. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly data: string;
  /** The file with the certificate of its authority; there is none with --http. */
  readonly ca: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Asks it, trusting its authority. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** SIGTERM; the exit code. */
  stop(): Promise<number>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const startMs = 60_000;
const stopMs = 60_000;

/** Starts `registry serve` and waits for the line that says where it listens; throws what it printed if it ends. */
export async function startRegistry(options: StartOptions = {}): Promise<StartedRegistry> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), "registry-data-"));
  const program = options.executable ?? executable;
  const has = (flag: string) => options.args?.includes(flag) === true;
  const place = options.isPlaced === true ? [] : ["--data", data];
  const address = has("--addr") ? [] : ["--addr", "127.0.0.1:0"];
  // One process, which is the one that a test looks at.
  const workers = has("--workers") ? [] : ["--workers", "1"];
  const child = Bun.spawn(
    inNamespace(
      [
        ...(options.under ?? []),
        program,
        ...(options.command ?? ["serve"]),
        ...place,
        ...address,
        ...workers,
        ...(options.args ?? []),
      ],
      options.namespace,
    ),
    {
      env: environment(options.env),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const dispose = async () => {
    child.kill("SIGKILL");
    await child.exited;
    if (options.data === undefined) rmSync(data, { recursive: true, force: true });
  };
  const url = await findUrl(child, stdout, stderr).catch(async (error) => {
    await dispose();
    throw error;
  });
  const ca = join(data, "tls/ca.crt");
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid,
    data,
    ca,
    stdout,
    stderr,
    fetch: (path, init = {}) =>
      fetch(`${url.replace(/\/$/, "")}${path}`, {
        ...init,
        ...(existsSync(ca) ? { tls: { ca: readFileSync(ca, "utf8") } } : {}),
      }),
    stop: async () => {
      child.kill("SIGTERM");
      return await Promise.race([child.exited, expire(stopMs, () => `did not stop\n${stderr()}`)]);
    },
    kill: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Whether nobody listens there. */
export async function isRefused(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = net.connect({ port, host: "127.0.0.1" });
  socket.on("connect", () => resolve(false)).on("error", () => resolve(true));
  return await promise.finally(() => socket.destroy());
}

/** False where the process is gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function findUrl(
  child: { readonly exitCode: number | null; readonly signalCode: unknown },
  stdout: () => string,
  stderr: () => string,
): Promise<string> {
  const endMs = performance.now() + startMs;
  for (;;) {
    const found = /listening on (https?:\/\/\S+)/.exec(stdout())?.[1];
    if (found !== undefined) return found;
    const end = child.exitCode ?? child.signalCode;
    if (end !== null) throw new Error(`the registry ended with ${end}\n${stdout()}${stderr()}`);
    if (performance.now() > endMs) throw new Error(`the registry does not listen\n${stdout()}${stderr()}`);
    await Bun.sleep(10);
  }
}

/** Reads on to the end, so that the writer never waits; gives what came so far. */
function collect(stream: ReadableStream<Uint8Array>): () => string {
  let text = "";
  const decoder = new TextDecoder();
  void (async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  })().catch(() => undefined);
  return () => text;
}

async function expire(ms: number, message: () => string): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  setTimeout(() => reject(new Error(message())), ms).unref();
  return await promise;
}
