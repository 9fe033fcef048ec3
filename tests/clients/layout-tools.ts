// The clients that move whole images between registries and layouts: how each is told of the registry, and how it is
// made to push and to pull.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { readLayout } from "./layout.ts";
import type { Environment, Site } from "./site.ts";

/** The side of a copy that is on the registry; empty where a command has one side only. */
type Side = "from" | "to" | "";

interface LayoutTool {
  /** Copies the site's layout to a reference of the registry, such as app:1. */
  push(site: Site, reference: string): Promise<unknown>;
  /** Copies a reference of the registry into a new layout. */
  pull(site: Site, reference: string, directory: string): Promise<unknown>;
}

/** skopeo is told by flags. */
export function skopeoFlags(site: Site, side: Side = ""): readonly string[] {
  const prefix = { from: "src-", to: "dest-", "": "" }[side];
  return site.isTls ? [`--${prefix}cert-dir=${site.certificates}`] : [`--${prefix}tls-verify=false`];
}

/** oras is told by flags too. On localhost it speaks plain HTTP unless it is told not to. */
export function orasFlags(site: Site, side: Side = ""): readonly string[] {
  const prefix = side === "" ? "" : `${side}-`;
  if (!site.isTls) return [`--${prefix}plain-http`];
  return [`--${prefix}plain-http=false`, `--${prefix}ca-file`, `${site.certificates}/ca.crt`];
}

/** crane looks into SSL_CERT_FILE. On localhost it tries TLS first and then plain HTTP. */
export function craneEnvironment(site: Site): Environment {
  return site.isTls ? { SSL_CERT_FILE: `${site.certificates}/ca.crt` } : {};
}

/** regctl has a configuration of its own, which takes the certificate itself. */
export async function configureRegctl(site: Site, ...more: readonly string[]): Promise<void> {
  const tls = site.isTls ? ["--cacert", readFileSync(`${site.certificates}/ca.crt`, "utf8")] : ["--tls", "disabled"];
  await site.run(["regctl", "registry", "set", site.host, ...tls, ...more]);
}

const skopeo: LayoutTool = {
  push: (site, reference) =>
    site.run([
      ...["skopeo", "copy", "--all", ...skopeoFlags(site, "to")],
      ...[`oci:${site.layout.path}:${site.layout.tag}`, `docker://${site.host}/${reference}`],
    ]),
  pull: (site, reference, directory) =>
    site.run([
      ...["skopeo", "copy", "--all", ...skopeoFlags(site, "from")],
      ...[`docker://${site.host}/${reference}`, `oci:${directory}:pulled`],
    ]),
};

const crane: LayoutTool = {
  push: (site, reference) =>
    site.run(["crane", "push", site.layout.path, `${site.host}/${reference}`], craneEnvironment(site)),
  pull: (site, reference, directory) =>
    site.run(["crane", "pull", "--format=oci", `${site.host}/${reference}`, directory], craneEnvironment(site)),
};

const oras: LayoutTool = {
  push: (site, reference) =>
    site.run([
      ...["oras", "cp", ...orasFlags(site, "to"), "--from-oci-layout"],
      ...[`${site.layout.path}:${site.layout.tag}`, `${site.host}/${reference}`],
    ]),
  pull: (site, reference, directory) =>
    site.run([
      ...["oras", "cp", ...orasFlags(site, "from"), "--to-oci-layout"],
      ...[`${site.host}/${reference}`, `${directory}:pulled`],
    ]),
};

const regctl: LayoutTool = {
  push: async (site, reference) => {
    await configureRegctl(site);
    const source = `ocidir://${site.layout.path}:${site.layout.tag}`;
    await site.run(["regctl", "image", "copy", source, `${site.host}/${reference}`]);
  },
  pull: async (site, reference, directory) => {
    await configureRegctl(site);
    await site.run(["regctl", "image", "copy", `${site.host}/${reference}`, `ocidir://${directory}:pulled`]);
  },
};

const layoutTools = { skopeo, crane, oras, regctl } as const;

/** Pushes the site's layout with one of the tools, which must leave every digest as it was. */
export async function pushLayout(tool: keyof typeof layoutTools, site: Site, reference: string): Promise<void> {
  await layoutTools[tool].push(site, reference);
  const [name = "", tag = ""] = reference.split(":");
  expect(await site.served(name, tag)).toEqual(site.layout.digests);
}

/** The tools that write an image of docker's format into a layout as it is. skopeo makes an OCI image of it. */
export const literalTools = ["crane", "oras", "regctl"] as const;

/** Pulls with each of the tools: all of them must find what the registry serves, down to the last byte. */
export async function expectSameFromAll(
  site: Site,
  reference: string,
  tools: readonly (keyof typeof layoutTools)[] = ["skopeo", ...literalTools],
): Promise<void> {
  const [name = "", tag = ""] = reference.split(":");
  const served = await site.served(name, tag);
  for (const tool of tools) {
    const directory = site.at(`pulled-by-${tool}`);
    await layoutTools[tool].pull(site, reference, directory);
    expect({ [tool]: await readLayout(directory, "pulled") }).toEqual({ [tool]: served });
  }
}
