// Deleting from a registry over its API. A registry that can delete a tag alone does so; from another one the image goes, and
// with it every tag that leads to it, which is said and agreed to first.

import type { RegistryApi } from "../../client/registry-api.ts";
import { counted } from "../../lib/counted.ts";
import { compileNameGlob } from "../../lib/name-glob.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import { isGlob } from "../../transfer/reference.ts";
import { CommandError } from "../command.ts";
import { createProgress } from "../progress.ts";
import { listSome, type RemovalCall, type RemovalTarget, requireAgreement } from "./removal-target.ts";
import {
  findNewTags,
  findTagDigest,
  findTagsOfImages,
  type RemoteRemoval,
  resolveRemoval,
} from "./rm-registry-plan.ts";
import { createRegistryReport, type RegistryReport } from "./rm-registry-report.ts";

const maxListed = 12;

/** Deletes what the references name; the exit code. */
export async function removeFromRegistry(
  api: RegistryApi,
  targets: readonly RemovalTarget[],
  { wishes, io }: RemovalCall,
): Promise<number> {
  const progress = createProgress(io);
  const byName = new Map<RepositoryName, RemovalTarget[]>();
  for (const target of targets) {
    for await (const name of namesOf(api, target)) byName.set(name, [...(byName.get(name) ?? []), target]);
  }
  const removals: RemoteRemoval[] = [];
  for (const [name, own] of byName) {
    const removal = await resolveRemoval(api, name, own, (text) => progress.update(text));
    if (removal.tags.size + removal.digests.size > 0) removals.push(removal);
  }
  progress.clear();
  requireFound(removals, targets);
  const report = createRegistryReport(io, api.client.host, wishes);
  report.plan(removals);
  if (wishes.isDryRun) return 0;
  const [tags, taken, digests] = [sum(removals, "tags"), sum(removals, "taken"), sum(removals, "digests")];
  const images = digests === 0 ? "" : ` and ${counted(digests, "manifest")}`;
  await requireAgreement(io, `Delete ${counted(tags + taken, "tag")}${images}?`, wishes.isAgreed);
  for (const removal of removals) {
    await deleteTags(api, removal, { wishes, io }, report);
    const fresh = await findNewTags(api, removal);
    for (const digest of removal.digests) {
      const along = [...removal.taken].filter(([, each]) => each === digest).map(([tag]) => tag);
      const others = fresh.get(digest);
      if (others === undefined) await deleteImage(api, removal.name, digest, report, along);
      else report.kept(removal.name, digest, `${listSome(others, maxListed)} leads to it now`);
    }
  }
  return report.finish();
}

function sum(removals: readonly RemoteRemoval[], what: "tags" | "taken" | "digests"): number {
  return removals.reduce((total, each) => total + each[what].size, 0);
}

async function* namesOf(api: RegistryApi, { names }: RemovalTarget): AsyncGenerator<RepositoryName> {
  if (!isGlob(names)) {
    const name = parseRepositoryName(names);
    if (name !== undefined) yield name;
    return;
  }
  const glob = compileNameGlob(names);
  for await (const page of api.listRepositories()) {
    for (const text of page) {
      const name = parseRepositoryName(text);
      if (name !== undefined && glob.match(name)) yield name;
    }
  }
}

function requireFound(removals: readonly RemoteRemoval[], targets: readonly RemovalTarget[]): void {
  for (const target of targets) {
    if (removals.some(({ found }) => found.has(target))) continue;
    const what = isGlob(`${target.names}${target.tags ?? ""}`) ? "nothing fits" : "there is no";
    throw new CommandError(`nothing was deleted: ${what} ${target.text}`);
  }
}

const movedReason = "it leads to another image now";

/** One after the other: the first answer tells whether the registry can delete a tag alone. */
async function deleteTags(
  api: RegistryApi,
  { name, tags }: RemoteRemoval,
  call: RemovalCall,
  report: RegistryReport,
): Promise<void> {
  const left = new Map(tags);
  for (const [tag, digest] of tags) {
    // Somebody may have thought about the question for long.
    const now = await findTagDigest(api, name, tag);
    if (now === undefined || now !== digest) {
      left.delete(tag);
      if (now !== undefined) report.kept(name, tag, movedReason);
      continue;
    }
    const answer = await api.deleteTag(name, tag);
    // Some say that there is no such manifest, and mean that a tag is none.
    const isThere = answer === "absent" && (await api.headManifest(name, { kind: "tag", tag })) !== undefined;
    if (answer === "unsupported" || isThere) return await deleteTagsByImage(api, { name, tags: left }, call, report);
    left.delete(tag);
    if (answer === "deleted") report.deletedTag(name, tag, digest);
  }
}

/** The images go; other tags of theirs only if that is agreed to, and never one that an index of another tag needs. */
async function deleteTagsByImage(
  api: RegistryApi,
  { name, tags }: Pick<RemoteRemoval, "name" | "tags">,
  { wishes, io }: RemovalCall,
  report: RegistryReport,
): Promise<void> {
  const images = await findTagsOfImages(api, name, tags);
  const unmoved = new Set([...images.values()].flatMap(({ own }) => own));
  for (const tag of tags.keys()) if (!unmoved.has(tag)) report.kept(name, tag, movedReason);
  const along = [...images.values()].flatMap(({ taken, indexes }) => (indexes.length > 0 ? [] : taken));
  let mayGo = along.length === 0 || wishes.mayTakeAllTags;
  if (!mayGo && io.isTerminal && !wishes.isAgreed) {
    const question = `${api.client.host} cannot delete a tag alone. Delete the images, and with them ${listSome(along, maxListed)}?`;
    mayGo = /^y(es)?$/i.test((await io.ask(`${question} [y/N] `)).trim());
  }
  const alone = "the registry cannot delete a tag alone";
  for (const [digest, { own, taken, indexes }] of images) {
    if (indexes.length > 0) {
      const reason = `${alone}, and ${listSome(indexes, maxListed)} would lose this image of its index`;
      for (const tag of own) report.kept(name, tag, reason);
    } else if (taken.length > 0 && !mayGo) {
      const reason = `${alone}, and ${listSome(taken, maxListed)} would go with it (--all-tags lets them)`;
      for (const tag of own) report.kept(name, tag, reason);
    } else await deleteImage(api, name, digest, report, [...own, ...taken]);
  }
}

async function deleteImage(
  api: RegistryApi,
  name: RepositoryName,
  digest: Digest,
  report: RegistryReport,
  tags: readonly string[] = [],
): Promise<void> {
  const answer = await api.deleteManifest(name, digest);
  if (answer === "unsupported") {
    throw new CommandError(
      `${api.client.host} does not delete (registry:2 and registry:3 do with REGISTRY_STORAGE_DELETE_ENABLED=true); ${report.soFar()}`,
    );
  }
  if (answer === "deleted") report.deletedImage(name, digest, tags);
}
