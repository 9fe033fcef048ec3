// The registries of the CNCF distribution project, whose place this one takes, as clients see them; and their garbage
// collectors.
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Served } from "../crash/client.ts";
import { environment, must, readyMs, requireGoProgram, requireProgram, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** registry:2 as Debian has it, and registry:3 as .ci/run builds it. */
export type ForeignKind = "docker-registry" | "registry-v3";

/** It does not serve a manifest whose type the client did not name. */
const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** Both, or those that are there. */
export const foreignKinds: readonly ForeignKind[] = (["docker-registry", "registry-v3"] as const).filter((kind) =>
  kind === "docker-registry" ? requireProgram(kind, kind) : requireGoProgram(kind),
);

/** The configuration that any of the three serves the directory with. */
export function writeSharedConfiguration(
  file: string,
  { data, addr, bucket, ...sections }: { readonly data: string; readonly addr: string } & ForeignSections,
): void {
  const driver = bucket === undefined ? { filesystem: { rootdirectory: data } } : { s3: bucket };
  const storage = { ...driver, delete: { enabled: true } };
  writeFileSync(file, JSON.stringify({ version: 0.1, log: { level: "error" }, storage, http: { addr }, ...sections }));
}

/** Sections that a start may have. */
interface ForeignSections {
  /** Of storage.s3, instead of a directory. */
  readonly bucket?: object;
  /** Whom it asks who may do what. */
  readonly auth?: object;
  /** Whom it tells what was done. */
  readonly notifications?: object;
}

/** What differs from the usual start. */
export interface ForeignOptions extends ForeignSections {
  /** Put before it to run it as another user. */
  readonly become?: readonly string[];
}

/** Starts one on the data of a directory. */
export async function startForeign(
  kind: ForeignKind,
  data: string,
  { become = [], ...sections }: ForeignOptions = {},
): Promise<Served & { readonly host: string } & AsyncDisposable> {
  const home = temporaryDirectory();
  const file = join(home.path, "config.yml");
  const port = freePort();
  writeSharedConfiguration(file, { data, addr: `127.0.0.1:${port}`, ...sections });
  chmodSync(home.path, 0o755);
  const child = Bun.spawn([...become, kind, "serve", file], {
    env: environment({ OTEL_TRACES_EXPORTER: "none", AWS_CA_BUNDLE: undefined }),
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(join(home.path, "log")),
  });
  const request = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set("Accept", manifestTypes.join(", "));
    return fetch(new URL(path, `http://127.0.0.1:${port}`), { ...init, headers });
  };
  const dispose = async () => {
    child.kill("SIGTERM");
    await child.exited;
    home[Symbol.dispose]();
  };
  const isUp = () => {
    if (child.exitCode !== null) throw new Error(`${kind} ended with ${child.exitCode}`);
    return request("/v2/").then(
      // With authentication, 401 is a sign of life.
      ({ status }) => status === 200 || status === 401,
      () => false,
    );
  };
  await waitUntil(`${kind} answers`, isUp, { deadlineMs: readyMs }).catch(async (error: unknown) => {
    const log = await Bun.file(join(home.path, "log")).text();
    await dispose();
    throw new Error(`${String(error)}\n${log.slice(-2000)}`);
  });
  return { hasReferrers: false, host: `127.0.0.1:${port}`, fetch: request, [Symbol.asyncDispose]: dispose };
}

/** Runs its garbage collector; what it printed. */
export async function collectForeign(
  kind: ForeignKind,
  data: string,
  { isUntaggedToo = false }: { readonly isUntaggedToo?: boolean } = {},
): Promise<string> {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  writeSharedConfiguration(file, { data, addr: "127.0.0.1:0" });
  const env = environment({ OTEL_TRACES_EXPORTER: "none" });
  return await must([kind, "garbage-collect", ...(isUntaggedToo ? ["-m"] : []), file], { env });
}

/** They cannot be asked which free port they took. */
function freePort(): number {
  using probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  return probe.port;
}
