// The registries of the CNCF distribution project as clients see them, and their garbage collectors.
import { join } from "node:path";
import type { Served } from "../crash/client.ts";
import { type OtherRegistryKind, startOtherRegistry, writeSharedConfiguration } from "../e2e/other-registry.ts";
import { environment, must, requireGoProgram, requireProgram } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** It does not serve a manifest whose type the client did not name. */
const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** Both, or those that are there. */
export const foreignKinds: readonly OtherRegistryKind[] = (["docker-registry", "registry-v3"] as const).filter(
  (kind) => (kind === "docker-registry" ? requireProgram(kind, kind) : requireGoProgram(kind)),
);

/** Starts one on the data of a directory. */
export async function startForeign(kind: OtherRegistryKind, data: string): Promise<Served & AsyncDisposable> {
  const registry = await startOtherRegistry(kind, data);
  return {
    hasReferrers: false,
    fetch: (path, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("Accept", manifestTypes.join(", "));
      return registry.fetch(path, { ...init, headers });
    },
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

/** Runs its garbage collector; what it printed. */
export async function collectForeign(
  kind: OtherRegistryKind,
  data: string,
  { isUntaggedToo = false }: { readonly isUntaggedToo?: boolean } = {},
): Promise<string> {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  writeSharedConfiguration(file, { data, addr: "127.0.0.1:0" });
  const env = environment({ OTEL_TRACES_EXPORTER: "none" });
  return await must([kind, "garbage-collect", ...(isUntaggedToo ? ["-m"] : []), file], { env });
}
