// The registries whose place this one takes, on a directory that a test hands from one to the other.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { environment, waitUntil } from "./program.ts";

/** registry:2 as Debian has it, and registry:3 as .ci/run builds it. */
export type OtherRegistryKind = "docker-registry" | "registry-v3";

/** One that answers. */
export interface OtherRegistry extends AsyncDisposable {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Ends it, as its operator would. */
  stop(): Promise<void>;
}

/** The configuration that any of the three serves the directory with. */
export function writeSharedConfiguration(file: string, facts: { readonly data: string; readonly addr: string }): void {
  const storage = { filesystem: { rootdirectory: facts.data }, delete: { enabled: true } };
  writeFileSync(file, JSON.stringify({ version: 0.1, log: { level: "error" }, storage, http: { addr: facts.addr } }));
}

/** Starts it on the directory. */
export async function startOtherRegistry(kind: OtherRegistryKind, data: string): Promise<OtherRegistry> {
  const home = temporaryDirectory();
  const file = join(home.path, "config.yml");
  const port = freePort();
  writeSharedConfiguration(file, { data, addr: `127.0.0.1:${port}` });
  const child = Bun.spawn([kind, "serve", file], {
    env: environment({ OTEL_TRACES_EXPORTER: "none" }),
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(join(home.path, "log")),
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await child.exited;
  };
  const request = (path: string, init?: RequestInit) => fetch(new URL(path, `http://127.0.0.1:${port}`), init);
  const dispose = async () => {
    await stop();
    home[Symbol.dispose]();
  };
  const isUp = () => {
    if (child.exitCode !== null) throw new Error(`${kind} ended with ${child.exitCode}`);
    return request("/v2/").then(
      ({ status }) => status === 200,
      () => false,
    );
  };
  await waitUntil(`${kind} answers`, isUp).catch(async (error: unknown) => {
    const log = await Bun.file(join(home.path, "log")).text();
    await dispose();
    throw new Error(`${String(error)}\n${log.slice(-2000)}`);
  });
  return { fetch: request, stop, [Symbol.asyncDispose]: dispose };
}

/** They cannot be asked which free port they took. */
function freePort(): number {
  using probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  return probe.port;
}
