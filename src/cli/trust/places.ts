// Where each client looks for the CA of a registry, and how to tell that the client is installed.
//
//   docker      /etc/docker/certs.d/<host:port>/ca.crt             rootless: ~/.config/docker/certs.d/…
//   containerd  /etc/containerd/certs.d/<host:port>/{ca.crt,hosts.toml}
//   podman      /etc/containers/certs.d/<host:port>/ca.crt         rootless: ~/.config/containers/certs.d/…
//   system      one file in the directory that the system's own tool reads
import { join } from "node:path";
import type { TrustTarget } from "./target.ts";

export const trustClients = ["docker", "containerd", "podman", "system"] as const;

/** A client, or the system's store, which curl and most other programs read. */
export type TrustClient = (typeof trustClients)[number];

/** What decides where files go. */
export interface TrustMachine {
  readonly isRoot: boolean;
  /** The user's directory for configuration, usually ~/.config. */
  readonly configHome: string;
  /** The user's directory for sockets, if a rootless docker has its own. */
  readonly runtimeDirectory: string | undefined;
  /** Whether the absolute path exists. */
  readonly exists: (path: string) => boolean;
}

/** The files that a client reads for a registry. */
export interface TrustPlace {
  readonly client: TrustClient;
  readonly directory: string;
  readonly authorityPath: string;
  /** Only containerd needs to be told how to use the CA. */
  readonly hostsPath?: string;
  /** The command that makes the client reread its directory; the others look each time. */
  readonly command?: readonly string[];
}

/** Any of these paths shows that the client is installed. */
const evidence: Record<Exclude<TrustClient, "system">, readonly string[]> = {
  docker: ["/etc/docker", "/usr/bin/docker", "/usr/bin/dockerd", "/usr/local/bin/docker", "/run/docker.sock"],
  containerd: ["/etc/containerd", "/usr/bin/containerd", "/usr/local/bin/containerd"],
  podman: ["/etc/containers", "/usr/bin/podman", "/usr/bin/skopeo", "/usr/bin/buildah"],
};

/** Debian and Alpine, Fedora and its kin, Arch: the first directory that exists. */
const systemStores = [
  { directory: "/usr/local/share/ca-certificates", command: ["update-ca-certificates"] },
  { directory: "/etc/pki/ca-trust/source/anchors", command: ["update-ca-trust"] },
  { directory: "/etc/ca-certificates/trust-source/anchors", command: ["update-ca-trust"] },
] as const;

/**
 * The clients on this machine. The system's store is never among them: it serves every program, so it must be named.
 */
export function detectClients(machine: TrustMachine): TrustClient[] {
  const isPresent = (client: Exclude<TrustClient, "system">) => evidence[client].some(machine.exists);
  const found: TrustClient[] = (["docker", "containerd", "podman"] as const).filter(isPresent);
  if (hasRootlessDocker(machine) && !found.includes("docker")) found.unshift("docker");
  return found;
}

/** Where a client looks; undefined for the store of an unknown system. */
export function placeOf(client: TrustClient, target: TrustTarget, machine: TrustMachine): TrustPlace | undefined {
  switch (client) {
    case "docker": {
      const home = hasRootlessDocker(machine) ? join(machine.configHome, "docker") : "/etc/docker";
      return certsPlace(client, home, target);
    }
    case "podman": {
      const home = machine.isRoot ? "/etc/containers" : join(machine.configHome, "containers");
      return certsPlace(client, home, target);
    }
    case "containerd": {
      const place = certsPlace(client, "/etc/containerd", target);
      return { ...place, hostsPath: join(place.directory, "hosts.toml") };
    }
    case "system":
      return systemPlace(target, machine);
  }
}

function certsPlace(client: TrustClient, home: string, target: TrustTarget): TrustPlace {
  const directory = join(home, "certs.d", target.directoryName);
  return { client, directory, authorityPath: join(directory, "ca.crt") };
}

function systemPlace(target: TrustTarget, machine: TrustMachine): TrustPlace | undefined {
  const store = systemStores.find(({ directory }) => machine.exists(directory));
  if (store === undefined) return undefined;
  // The shell scripts that read these directories break on brackets and colons.
  const fileName = `registry-${target.authority.replace(/[^a-z0-9.-]/g, "_")}.crt`;
  return { client: "system", ...store, authorityPath: join(store.directory, fileName) };
}

function hasRootlessDocker({ isRoot, runtimeDirectory, exists }: TrustMachine): boolean {
  return !isRoot && runtimeDirectory !== undefined && exists(join(runtimeDirectory, "docker.sock"));
}
