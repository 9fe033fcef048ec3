// The clients that are tried, each with the program that the tests call and where it comes from.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { requireGoProgram, requireProgram, requireRoot } from "../e2e/program.ts";

/** A client of the registry. */
export interface Client {
  readonly name: string;
  readonly program: string;
  /** The Debian package that brings it; else .ci/run builds it. */
  readonly debianPackage?: string;
  /** Mounts what it unpacks. */
  readonly isRootOnly?: true;
  /** What it calls itself in User-Agent, if not by its name. */
  readonly agent?: string;
}

/** In the order of the table in docs/clients.md. */
export const clients = [
  { name: "docker", program: "dockerd", debianPackage: "docker.io", isRootOnly: true },
  { name: "podman", program: "podman", debianPackage: "podman", isRootOnly: true, agent: "containers" },
  { name: "buildah", program: "buildah", debianPackage: "buildah", isRootOnly: true },
  { name: "containerd", program: "containerd", debianPackage: "containerd", isRootOnly: true },
  { name: "skopeo", program: "skopeo", debianPackage: "skopeo" },
  { name: "umoci", program: "umoci", debianPackage: "umoci", agent: "skopeo" },
  { name: "crane", program: "crane" },
  { name: "oras", program: "oras" },
  { name: "regctl", program: "regctl", agent: "regclient" },
  { name: "helm", program: "helm" },
  { name: "cosign", program: "cosign" },
] as const satisfies readonly Client[];

/** One of the clients. */
export type ClientName = (typeof clients)[number]["name"];

/** What the tests of every client use to push before it, or to pull after it. */
const others = ["skopeo", "crane", "oras", "regctl", "cosign"] as const satisfies readonly ClientName[];

/** Whether a client and what it is tried together with can be run here. */
export function isThere(name: ClientName): boolean {
  return [
    ...[...new Set([name, ...others])].map((client) => isInstalled(find(client))),
    find(name).isRootOnly === undefined || requireRoot(),
    // What the image that is pushed is made of.
    requireProgram("busybox", "busybox-static"),
  ].every(Boolean);
}

/** What the User-Agent of a client begins with. */
export function agentOf(name: ClientName): RegExp {
  return new RegExp(`^${find(name).agent ?? name}/`, "i");
}

/** What the table says of a client's version: the one that .ci/run pins, or that Debian decides. */
export function versionOf(name: ClientName): string {
  const { program, debianPackage } = find(name);
  if (debianPackage !== undefined) return "Debian's";
  const text = readFileSync(join(import.meta.dir, "../../.ci/run"), "utf8");
  const version = new RegExp(`^ +"${program} \\S+@v(\\S+)"$`, "m").exec(text)?.[1];
  if (version === undefined) throw new Error(`.ci/run pins no version of ${program}`);
  return version;
}

function isInstalled({ program, debianPackage }: Client): boolean {
  return debianPackage === undefined ? requireGoProgram(program) : requireProgram(program, debianPackage);
}

function find(name: ClientName): Client {
  const client = clients.find((candidate) => candidate.name === name);
  if (client === undefined) throw new Error(`no client is called ${name}`);
  return client;
}
