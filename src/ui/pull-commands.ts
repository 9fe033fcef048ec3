// The lines that pull an image, for each client that can take it.
import { formatImageName } from "./page-location.ts";

/** A client and its line. */
export interface PullCommand {
  readonly client: string;
  readonly line: string;
}

const helmConfig = "application/vnd.cncf.helm.config.v1+json";
const imageConfigs = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
] as const;

/** What is pulled. */
export interface PulledImage {
  /** Host and port of the registry, with its prefix if there is one. */
  readonly host: string;
  readonly name: string;
  /** A tag or a digest. */
  readonly reference: string;
  readonly kind: "image" | "index";
  readonly artifactType: string | undefined;
  /** Of an image's configuration. */
  readonly configType: string | undefined;
}

/** Containers for those who run them, charts for helm, and everything for those who take anything. */
export function listPullCommands(image: PulledImage): readonly PullCommand[] {
  const reference = quote(`${image.host}/${formatImageName(image)}`);
  if (image.configType === helmConfig) return [helmCommand(image), ...anyCommands(reference)];
  if (!isRunnable(image))
    return [{ client: "oras", line: `oras pull ${reference}` }, ...anyCommands(reference).slice(0, 1)];
  return [
    { client: "docker", line: `docker pull ${reference}` },
    { client: "podman", line: `podman pull ${reference}` },
    { client: "containerd", line: `ctr images pull ${reference}` },
    ...anyCommands(reference),
  ];
}

function anyCommands(reference: string): readonly PullCommand[] {
  return [
    { client: "crane", line: `crane pull ${reference} image.tar` },
    { client: "oras", line: `oras copy ${reference} --to-oci-layout image` },
  ];
}

/** helm writes "+" of a version as "_" in a tag. */
function helmCommand({ host, name, reference }: PulledImage): PullCommand {
  const isTag = !reference.includes(":");
  const version = reference.replaceAll("_", "+");
  const line = isTag
    ? `helm pull ${quote(`oci://${host}/${name}`)} --version ${quote(version)}`
    : `helm pull ${quote(`oci://${host}/${name}@${reference}`)}`;
  return { client: "helm", line };
}

function isRunnable({ kind, artifactType, configType }: PulledImage): boolean {
  if (kind === "index") return artifactType === undefined;
  return artifactType === undefined && imageConfigs.some((type) => type === configType);
}

/** Names and tags have no letters that a shell minds; a host may, if somebody forged it. */
function quote(text: string): string {
  return /^[A-Za-z0-9@%_+=:,./[\]-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
