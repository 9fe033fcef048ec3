// Which registries are on this machine.
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { type Kind, kinds } from "../results.ts";

/** A registry that can be started. */
export interface Peer {
  readonly kind: Kind;
  readonly executable: string;
  readonly version: string;
}

const ours = join(import.meta.dir, "../../dist/registry");

/** The program's name on the PATH, and how it tells its version. */
const programs: Readonly<Record<Kind, { readonly name: string; readonly version: readonly string[] }>> = {
  registry: { name: ours, version: ["version"] },
  undurable: { name: ours, version: ["version"] },
  distribution3: { name: "registry-v3", version: ["--version"] },
  distribution2: { name: "docker-registry", version: ["--version"] },
  zot: { name: "zot", version: ["--version"] },
  angos: { name: "angos", version: ["--version"] },
};

/** What stands over the registry's columns. */
export const labels: Readonly<Record<Kind, string>> = {
  registry: "ours",
  undurable: "ours, `durable: false`",
  distribution3: "distribution 3",
  distribution2: "distribution 2.8",
  zot: "zot",
  angos: "Angos",
};

/** Those that are there, on the PATH or among the tools that .ci/run builds. */
export function findPeers(): readonly Peer[] {
  const tools = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "registry-tools/bin");
  const path = `${process.env.PATH ?? ""}:${tools}`;
  return kinds.flatMap((kind) => {
    const { name, version } = programs[kind];
    const executable = Bun.which(name, { PATH: path });
    return executable === null ? [] : [{ kind, executable, version: versionOf(executable, version) }];
  });
}

function versionOf(executable: string, flags: readonly string[]): string {
  const printed = Bun.spawnSync([executable, ...flags], { stderr: "pipe" });
  const line = `${printed.stdout}${printed.stderr}`.split("\n").find((text) => /\d\.\d/.test(text)) ?? "?";
  // Some begin with the path that they were started by.
  return line.replace(executable, basename(executable)).trim();
}
