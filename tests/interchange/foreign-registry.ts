// The registries of the CNCF distribution project, started on a directory, and their garbage collectors.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Served } from "../crash/client.ts";
import { environment, must, requireGoProgram, requireProgram, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Debian's registry:2 (2.8.2), and registry:3 (3.1) built from its source. */
export type ForeignName = "docker-registry" | "registry-v3";

/** It does not serve a manifest whose type the client did not name. */
const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** Both, or those that are there. */
export const foreignNames: readonly ForeignName[] = (["docker-registry", "registry-v3"] as const).filter((name) =>
  name === "docker-registry" ? requireProgram(name, name) : requireGoProgram(name),
);

/** A foreign registry that listens. */
export interface ForeignRegistry extends Served, AsyncDisposable {
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
}

/** Starts one on the data of a directory. */
export async function startForeign(name: ForeignName, data: string): Promise<ForeignRegistry> {
  const directory = temporaryDirectory();
  const child = Bun.spawn([name, "serve", writeConfiguration(directory.path, data)], {
    env: environment(),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  let text = "";
  const reading = (async () => {
    for await (const chunk of child.stderr) text += new TextDecoder().decode(chunk);
  })();
  const stop = async () => {
    child.kill("SIGTERM");
    await child.exited;
    await reading;
  };
  const port = await waitUntil(`${name} listens`, () => {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}\n${text}`);
    return /listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
  });
  return {
    hasReferrers: false,
    fetch: (path, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("Accept", manifestTypes.join(", "));
      // It answers with absolute locations.
      return fetch(path.startsWith("/") ? `http://127.0.0.1:${port}${path}` : path, { ...init, headers });
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      directory[Symbol.dispose]();
    },
  };
}

/** Runs its garbage collector; what it printed. */
export async function collectForeign(
  name: ForeignName,
  data: string,
  { isUntaggedToo = false }: { readonly isUntaggedToo?: boolean } = {},
): Promise<string> {
  using directory = temporaryDirectory();
  const file = writeConfiguration(directory.path, data);
  return await must([name, "garbage-collect", ...(isUntaggedToo ? ["-m"] : []), file]);
}

function writeConfiguration(directory: string, data: string): string {
  const file = join(directory, "config.yml");
  const storage = { filesystem: { rootdirectory: data }, delete: { enabled: true } };
  const http = { addr: "127.0.0.1:0" };
  writeFileSync(file, JSON.stringify({ version: "0.1", log: { level: "info" }, storage, http }));
  return file;
}
