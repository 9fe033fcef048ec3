// registry rm
import { isArchiveText, isGlob, parseImagePattern } from "../../transfer/reference.ts";
import { type Command, type CommandIo, hasFlag, type ParsedWords, UsageError } from "../command.ts";
import { referenceFlags, requireRemoval } from "../store-command.ts";
import { operandOf, readCall, withRegistry, withStore } from "./call.ts";
import type { RemovalTarget, RemovalWishes } from "./removal-target.ts";
import { removeFromRegistry } from "./rm-registry.ts";
import { removeFromStore } from "./rm-store.ts";

/** Deletes tags, images and repositories. */
export const rmCommand: Command = {
  name: "rm",
  summary: "deletes tags, images or whole repositories",
  operands: "[config.yml] <reference>…",
  maxOperands: 10_000,
  description: `Says first what would go, what would stay and why, and what that frees and when; then asks, or wants --yes where there is no
terminal to ask on.

  registry rm team/app:v1 team/app:v2
  registry rm 'team/app:pr-*' --dry-run
  registry rm 'registry.example:5000/team/*:*-snapshot'
  registry rm team/app@sha256:4bcff6…            the image, with every tag that leads to it
  registry rm --repository team/app              all of it

In the store a tag takes its manifest along if no other tag, index or subject needs it, with the children and referrers that
nothing else needs. Immutable tags stay. Beside running servers that is as safe as a deletion over the API; space is free
after the collections that follow. A registry deletes over its API: a tag alone if it can do that; otherwise rm says which
other tags would go with the image, and asks again, or wants --all-tags.
What is named and is not there is an error, and then nothing is deleted; so is a glob that nothing fits.`,
  flags: [
    ...referenceFlags,
    { name: "repository", help: "whole repositories, with all their tags and manifests" },
    { name: "dry-run", short: "n", help: "only say what would be deleted" },
    { name: "yes", short: "y", elsewhere: ["force", "f"], help: "do not ask" },
    { name: "all-tags", help: "on a registry that cannot delete a tag alone: other tags of the image may go with it" },
    {
      name: "json",
      help: "one JSON object a line: what goes, what stays, and finally the summary; with --yes or --dry-run",
    },
  ],
  run: rm,
};

async function rm(words: ParsedWords, io: CommandIo): Promise<number> {
  const call = readCall(words, io);
  const isWhole = hasFlag(words, "repository");
  const targets = call.operands.map((text) => parseTarget(text, isWhole));
  const [first] = targets;
  if (first === undefined) throw new UsageError("what is to be deleted? such as team/app:v1");
  if (targets.some(({ host }) => host !== first.host)) {
    throw new UsageError("the references have to be in one place: one registry, or the store");
  }
  const wishes: RemovalWishes = {
    isDryRun: hasFlag(words, "dry-run"),
    isAgreed: hasFlag(words, "yes"),
    mayTakeAllTags: hasFlag(words, "all-tags"),
    isJson: hasFlag(words, "json"),
  };
  if (wishes.isJson && !wishes.isDryRun && !wishes.isAgreed) throw new UsageError("--json needs --yes or --dry-run");
  if (first.host === undefined) {
    return withStore(call, async (meant) => {
      if (!wishes.isDryRun) requireRemoval(meant);
      return await removeFromStore(meant, targets, { wishes, io });
    });
  }
  return withRegistry(call, first.host, (api) => removeFromRegistry(api, targets, { wishes, io }));
}

function parseTarget(text: string, isWhole: boolean): RemovalTarget {
  const { host, names, tags, digest } = operandOf(parseImagePattern(text));
  const shown = JSON.stringify(text);
  if (isArchiveText(text)) {
    throw new UsageError(`rm deletes from the store and from registries; a repository is meant by /${text}`);
  }
  if (names === undefined) throw new UsageError(`${shown} names no repository`);
  const hasReference = (tags ?? digest) !== undefined;
  if (isWhole && hasReference) throw new UsageError(`with --repository a reference has no tag or digest: ${shown}`);
  if (!isWhole && !hasReference) {
    throw new UsageError(`${shown} is a whole repository: say which tags, such as '${text}:v1*', or --repository`);
  }
  if (digest !== undefined && isGlob(names)) throw new UsageError(`a digest is in one repository, not in ${shown}`);
  // A tag beside a digest is for readers.
  return { text, host, names, tags: digest === undefined ? tags : undefined, digest, isWhole };
}
