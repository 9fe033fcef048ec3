// What `registry rm` says about a registry: what would go, and what came of it; for people, or as JSON lines.
import { counted } from "../../lib/counted.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { CommandIo } from "../command.ts";
import { listSome, type RemovalWishes } from "./removal-target.ts";
import type { RemoteRemoval } from "./rm-registry-plan.ts";
import { formatImageName } from "./source.ts";

/** Tells what happens. */
export interface RegistryReport {
  plan(removals: readonly RemoteRemoval[]): void;
  deletedTag(repository: RepositoryName, tag: string, digest: Digest): void;
  deletedImage(repository: RepositoryName, digest: Digest, tags: readonly string[]): void;
  /** A tag, or an image by its digest. */
  kept(repository: RepositoryName, reference: string, reason: string): void;
  /** What is done, for a message about what is not. */
  soFar(): string;
  /** The end, and the exit code: 1 if something stays that was to go. */
  finish(): number;
}

const maxListed = 12;
const maxRepositories = 50;

/** A report in the way that was asked for. */
export function createRegistryReport(
  io: Pick<CommandIo, "stdout" | "stderr">,
  host: string,
  { isJson, isDryRun }: RemovalWishes,
): RegistryReport {
  const print = (value: object) => io.stdout(`${JSON.stringify(value)}\n`);
  let [tags, images, kept] = [0, 0, 0];
  const soFar = () =>
    tags + images === 0 ? "nothing was deleted" : `deleted: ${counted(tags, "tag")}, ${counted(images, "manifest")}`;
  const place = (repository: RepositoryName) => ({ registry: host, repository });
  return {
    plan: (removals) => {
      if (!isJson) io.stdout(formatRemovals(host, removals));
      else if (isDryRun) for (const each of removals) printRemoval(print, host, each);
    },
    deletedTag: (repository, tag, digest) => {
      tags += 1;
      if (isJson) print({ kind: "tag", ...place(repository), tag, digest });
    },
    deletedImage: (repository, digest, taken) => {
      images += 1;
      tags += taken.length;
      if (isJson) print({ kind: "manifest", ...place(repository), digest, tags: taken });
    },
    kept: (repository, reference, reason) => {
      kept += 1;
      const what = reference.includes(":") ? { digest: reference } : { tag: reference };
      if (isJson) print({ kind: "kept", ...place(repository), ...what, reason });
      else io.stderr(`${formatImageName(host, repository, reference)} stays: ${reason}\n`);
    },
    soFar,
    finish: () => {
      if (isJson) print({ kind: "summary", isDryRun, tags, manifests: images, kept });
      else io.stdout(`${soFar()}\n`);
      return kept > 0 ? 1 : 0;
    },
  };
}

function printRemoval(print: (value: object) => void, registry: string, removal: RemoteRemoval): void {
  const { name: repository, tags, digests } = removal;
  for (const [tag, digest] of tags) print({ kind: "tag", registry, repository, tag, digest });
  for (const digest of digests) print({ kind: "manifest", registry, repository, digest });
}

function formatRemovals(host: string, removals: readonly RemoteRemoval[]): string {
  const left = removals.length - maxRepositories;
  return [
    ...removals.slice(0, maxRepositories).map((removal) => formatRemoval(host, removal)),
    ...(left > 0 ? [`and ${counted(left, "more repository")}\n`] : []),
    `what that frees, and when, is up to ${host}\n`,
  ].join("");
}

function formatRemoval(host: string, { name, tags, digests, taken }: RemoteRemoval): string {
  const images = new Set(tags.values()).size;
  const parts = [
    ...(tags.size === 0 ? [] : [`${counted(tags.size, "tag")} of ${counted(images, "manifest")}`]),
    ...(digests.size === 0 ? [] : [`${counted(digests.size, "manifest")} with ${counted(taken.size, "tag")}`]),
  ];
  return [
    `${formatImageName(host, name)}: ${parts.join(", ")}\n`,
    ...(tags.size === 0 ? [] : [`  tags: ${listSome([...tags.keys()], maxListed)}\n`]),
    ...(taken.size === 0 ? [] : [`  with the tags: ${listSome([...taken.keys()], maxListed)}\n`]),
  ].join("");
}
