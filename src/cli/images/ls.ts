// registry ls
import { compileNameGlob } from "../../lib/name-glob.ts";
import { formatStrangerJson, showStranger } from "../../lib/quoted.ts";
import { formatSize } from "../../lib/size.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import {
  type ImagePattern,
  type ImageReference,
  isArchiveText,
  isGlob,
  parseImagePattern,
  parseImageReference,
} from "../../transfer/reference.ts";
import { type Command, CommandError, type CommandIo, hasFlag, type ParsedWords, UsageError } from "../command.ts";
import { referenceFlags } from "../store-command.ts";
import { formatAge, formatTime } from "./age.ts";
import { type ArchivedImage, withArchive } from "./archive-source.ts";
import { type ImageCall, operandOf, readCall, withRegistry, withStore } from "./call.ts";
import { openRegistrySource } from "./registry-source.ts";
import { formatImageName, type ImageSource, type ListedRepository, type ListedTag } from "./source.ts";
import { openStoreSource } from "./store-source.ts";
import { createTable } from "./table.ts";

/** Lists repositories, or the tags of some. */
export const lsCommand: Command = {
  name: "ls",
  summary: "lists repositories, or the tags of one",
  operands: "[config.yml] [reference]",
  maxOperands: 2,
  description: `Without a reference, lists the repositories of this machine's store (--data, --config or the usual one; also beside running
servers); of a registry with its host. The tags of a repository come with size, platforms and age.

  registry ls                           the repositories, with their tags, size and last push
  registry ls 'team/**'                 those whose names fit
  registry ls team/app                  its tags
  registry ls 'team/*:v1.*'             tags that fit, of repositories that fit
  registry ls registry.example:5000     the repositories of a registry
  registry ls ghcr.io/acme/app          the tags of a repository there
  registry ls oci:DIR                   the images of a layout; also oci-archive:FILE and docker-archive:FILE

In a glob \`*\` matches within one component of a name, and \`**\` matches anything. A name whose first component looks like
a host (it has a dot or a colon) is one of the store with a slash before it: /ghcr.io/acme/app. A registry is asked with
the credentials of docker's and podman's logins. It tells no time of a push, so the age there is that of the image; and
since Docker Hub counts every look at an image as a pull, its tags are listed with their names alone, unless --long asks.
What a registry lists comes in its order; tags of the store in natural order (v9, v10).`,
  flags: [
    ...referenceFlags,
    { name: "quiet", short: "q", help: "names alone, one a line" },
    { name: "long", short: "l", help: "size, platforms and age also where looking costs pulls (Docker Hub)" },
    { name: "json", help: "one JSON object a line; sizes in bytes" },
  ],
  run: ls,
};

async function ls(words: ParsedWords, io: CommandIo): Promise<number> {
  const call = readCall(words, io);
  const [text, extra] = call.operands;
  if (extra !== undefined) throw new UsageError(`one reference at a time; unexpected ${JSON.stringify(extra)}`);
  if (text !== undefined && isArchiveText(text)) return await listArchive(operandOf(parseImageReference(text)), call);
  const nothing = { host: undefined, names: undefined, tags: undefined, digest: undefined };
  const pattern = text === undefined ? nothing : operandOf(parseImagePattern(text));
  if (pattern.digest !== undefined) throw new UsageError("ls lists tags; `registry inspect` tells of a digest");
  const { host } = pattern;
  const list = (source: ImageSource) => listImages(source, { call, pattern, text: text ?? "" });
  if (host === undefined) return withStore(call, async ({ store }) => list(openStoreSource(store)));
  return withRegistry(call, host, (api) => list(openRegistrySource(api)));
}

/** The images of a layout or an archive, by all their names. */
async function listArchive(reference: ImageReference, { words, io }: ImageCall): Promise<number> {
  if (!("path" in reference)) throw new TypeError("no archive");
  const [isJson, isQuiet] = [hasFlag(words, "json"), hasFlag(words, "quiet")];
  return withArchive(reference, async (source) => {
    const glob = reference.tag === undefined ? undefined : compileNameGlob(reference.tag);
    const table = createTable(io, isJson || isQuiet ? [] : ["IMAGE", "DIGEST", "SIZE", "PLATFORMS", "CREATED"]);
    let count = 0;
    for await (const each of source.images()) {
      if (glob !== undefined && !each.names.some((name) => glob.match(name))) continue;
      count += 1;
      const [shown = ""] = each.names;
      if (isJson) table.add([formatStrangerJson({ image: shown, names: each.names, ...archivedAsJson(each) })]);
      else if (isQuiet) table.add([showStranger(shown, maxNoteLength)]);
      else table.add([showStranger(shown, maxNoteLength), ...tagRow(each, io.now())]);
    }
    table.end();
    if (count === 0) throw new CommandError(`nothing in ${reference.kind}:${reference.path} is called so`);
    return 0;
  });
}

function archivedAsJson({
  digest,
  mediaType,
  artifactType,
  sizeBytes,
  platforms,
  timeMs,
  problem,
}: ArchivedImage): object {
  return { digest, mediaType, artifactType, sizeBytes, platforms, created: formatTime(timeMs), problem };
}

interface ListRequest {
  readonly call: ImageCall;
  readonly pattern: ImagePattern;
  /** As it was typed. */
  readonly text: string;
}

async function listImages(source: ImageSource, { call, pattern, text }: ListRequest): Promise<number> {
  const { names, tags } = pattern;
  const meansTags = names !== undefined && (tags !== undefined || !isGlob(names));
  const count = meansTags
    ? await listTags(source, { call, names, tags })
    : await listRepositories(source, { call, names });
  if (count > 0) return 0;
  if (names !== undefined) throw new CommandError(`nothing here is called ${text}`);
  call.io.stderr("there are no repositories yet\n");
  return 0;
}

async function listRepositories(
  source: ImageSource,
  { call: { words, io }, names }: { readonly call: ImageCall; readonly names: string | undefined },
): Promise<number> {
  const glob = names === undefined ? undefined : compileNameGlob(names);
  const isStore = source.host === undefined;
  const [isJson, isQuiet] = [hasFlag(words, "json"), hasFlag(words, "quiet")];
  const isBare = isJson || isQuiet || !isStore;
  const table = createTable(io, isBare ? [] : ["REPOSITORY", "TAGS", "SIZE", "PUSHED"]);
  let count = 0;
  for await (const each of source.repositories((name) => glob?.match(name) ?? true, { isLong: !isQuiet })) {
    count += 1;
    if (isJson) table.add([formatStrangerJson(repositoryAsJson(source, each))]);
    else table.add(isBare ? [formatImageName(source.host, each.name)] : repositoryRow(each, io.now()));
  }
  table.end();
  return count;
}

function repositoryRow(each: ListedRepository, nowMs: number): readonly string[] {
  const { name, tags = 0, sizeBytes = 0, pushedMs, upstream, problem } = each;
  const note = problem ?? (upstream === undefined ? "" : `cache of ${upstream}`);
  return [name, String(tags), formatSize(sizeBytes), formatAge(pushedMs, nowMs), showStranger(note, maxNoteLength)];
}

const maxNoteLength = 200;

function repositoryAsJson({ host }: ImageSource, each: ListedRepository): object {
  const { name, tags, sizeBytes, pushedMs, upstream, problem } = each;
  return { registry: host, repository: name, tags, sizeBytes, pushed: formatTime(pushedMs), upstream, problem };
}

async function listTags(
  source: ImageSource,
  {
    call: { words, io },
    names,
    tags,
  }: { readonly call: ImageCall; readonly names: string; readonly tags: string | undefined },
): Promise<number> {
  const [isJson, isQuiet] = [hasFlag(words, "json"), hasFlag(words, "quiet")];
  const isCounted = source.host === "docker.io" && !hasFlag(words, "long");
  const isLong = !isQuiet && !isCounted;
  const glob = tags === undefined ? undefined : compileNameGlob(tags);
  const hasNames = isGlob(names) || source.host !== undefined;
  const isBare = isJson || !isLong;
  const head = [hasNames ? "IMAGE" : "TAG", "DIGEST", "SIZE", "PLATFORMS", source.timeIs.toUpperCase()];
  const table = createTable(io, isBare ? [] : head);
  let count = 0;
  for await (const name of namesOf(source, names)) {
    for await (const each of source.tags(name, { matches: (tag) => glob?.match(tag) ?? true, isLong })) {
      count += 1;
      const image = hasNames || isQuiet ? formatImageName(source.host, name, each.tag) : each.tag;
      if (isJson) table.add([formatStrangerJson(tagAsJson(source, each))]);
      else table.add(isBare ? [image] : [image, ...tagRow(each, io.now())]);
    }
  }
  table.end();
  if (isCounted && !isQuiet && count > 0)
    io.stderr("Docker Hub counts looks at images as pulls; --long has the rest\n");
  return count;
}

async function* namesOf(source: ImageSource, names: string): AsyncGenerator<RepositoryName> {
  if (!isGlob(names)) {
    const name = parseRepositoryName(names);
    if (name === undefined) throw new UsageError(`${JSON.stringify(names)} is no repository name`);
    yield name;
    return;
  }
  const glob = compileNameGlob(names);
  for await (const { name } of source.repositories((each) => glob.match(each), { isLong: false })) yield name;
}

const shownDigits = 12;

function tagRow(each: Omit<ListedTag, "name" | "tag">, nowMs: number): readonly string[] {
  const { digest = "", sizeBytes, platforms, artifactType, timeMs, problem } = each;
  const what = problem ?? (platforms.length > 0 ? platforms.join(",") : (artifactType ?? ""));
  const hex = digest.slice(digest.indexOf(":") + 1, digest.indexOf(":") + 1 + shownDigits);
  const size = sizeBytes === undefined ? "" : formatSize(sizeBytes);
  return [hex, size, showStranger(what, maxNoteLength), formatAge(timeMs, nowMs)];
}

function tagAsJson({ host, timeIs }: ImageSource, each: ListedTag): object {
  const { name, tag, digest, mediaType, artifactType, sizeBytes, platforms, timeMs, problem } = each;
  const about = { digest, mediaType, artifactType, sizeBytes, platforms };
  return { registry: host, repository: name, tag, ...about, [timeIs]: formatTime(timeMs), problem };
}
