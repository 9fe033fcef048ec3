// Starting and ending the registries under measurement.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kind } from "../results.ts";
import { configure } from "./configuration.ts";
import type { Peer } from "./peers.ts";

/** A registry that serves. */
export interface Server extends AsyncDisposable {
  readonly kind: Kind;
  readonly url: string;
  /** The file with the authority of its certificate. */
  readonly ca: string;
  readonly pid: number;
  /** Where its data lies. */
  readonly directory: string;
  /** From the start of the process to its first answer. */
  readonly startMs: number;
}

/** A certificate for all of them, so that none has an easier one. */
export interface Certificate {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** How a server is started. */
export interface StartOptions {
  /** Data, configuration and log go below it. */
  readonly place: string;
  /** Undefined: plain HTTP. */
  readonly certificate?: Certificate | undefined;
  readonly remoteUrl?: string | undefined;
  readonly workers?: number | undefined;
}

const startTimeoutMs = 20_000;
const stopTimeoutMs = 10_000;

/** Where the data of a registry of this kind lies below a place: filled before the start where a store is given. */
export function dataDirectory(place: string, kind: Kind): string {
  return join(place, kind);
}

/** Starts a registry and waits for its first answer. */
export async function startServer({ kind, executable }: Peer, options: StartOptions): Promise<Server> {
  const { place, certificate, remoteUrl, workers } = options;
  const directory = dataDirectory(place, kind);
  mkdirSync(directory, { recursive: true });
  const address = { host: "127.0.0.1", port: freePort() };
  const configuration = configure(kind, { address, directory, tls: certificate, remoteUrl, workers });
  const file = join(place, `${kind}.${configuration.extension}`);
  writeFileSync(file, configuration.text);
  const log = Bun.file(join(place, `${kind}.log`));
  const startedMs = performance.now();
  const child = Bun.spawn([...configuration.command(executable, file)], {
    stdout: log,
    stderr: log,
    // Version 3 of distribution looks for a collector of traces otherwise.
    env: { PATH: process.env.PATH ?? "", HOME: place, OTEL_TRACES_EXPORTER: "none" },
  });
  const url = `${certificate === undefined ? "http" : "https"}://${address.host}:${address.port}`;
  const stop = () => stopProcess(child);
  try {
    await untilAnswer(url, child);
  } catch (error) {
    await stop();
    throw new Error(`${kind} does not start: ${await log.text()}`, { cause: error });
  }
  const startMs = performance.now() - startedMs;
  return { kind, url, ca: certificate?.ca ?? "", pid: child.pid, directory, startMs, [Symbol.asyncDispose]: stop };
}

/** Starts one of each, ends them together, and takes their data away. */
export async function startServers(
  peers: readonly Peer[],
  options: StartOptions,
): Promise<{ readonly servers: readonly Server[] } & AsyncDisposable> {
  const servers: Server[] = [];
  const dispose = async () => {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    for (const { directory } of servers) rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (const peer of peers) servers.push(await startServer(peer, options));
  } catch (error) {
    await dispose();
    throw error;
  }
  return { servers, [Symbol.asyncDispose]: dispose };
}

async function stopProcess(child: Bun.Subprocess): Promise<void> {
  child.kill();
  const late = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
  await child.exited;
  clearTimeout(late);
}

async function untilAnswer(url: string, child: Bun.Subprocess): Promise<void> {
  const endMs = performance.now() + startTimeoutMs;
  for (;;) {
    try {
      // Whose certificate it is does not matter here; the load program checks it.
      await fetch(`${url}/v2/`, { tls: { rejectUnauthorized: false }, signal: AbortSignal.timeout(startTimeoutMs) });
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > endMs) throw error;
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
