// registry inspect
import { formatStrangerJson, showStranger } from "../../lib/quoted.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseTag, type Reference } from "../../oci/reference.ts";
import { type DescribedImage, describeImage, type ImageReader } from "../../transfer/describe-image.ts";
import { type ArchiveReference, parseImageReference } from "../../transfer/reference.ts";
import {
  type Command,
  CommandError,
  type CommandIo,
  flagOf,
  hasFlag,
  type ParsedWords,
  UsageError,
} from "../command.ts";
import { referenceFlags } from "../store-command.ts";
import { type ArchiveSource, withArchive } from "./archive-source.ts";
import { operandOf, readCall, withRegistry, withStore } from "./call.ts";
import { formatInspected, type InspectedImage, inspectedAsJson } from "./inspected.ts";
import { openRegistrySource } from "./registry-source.ts";
import { formatImageName, type ImageSource, type ListedReferrer } from "./source.ts";
import { openStoreSource } from "./store-source.ts";

/** Tells of one image. */
export const inspectCommand: Command = {
  name: "inspect",
  summary: "shows an image: platforms, configuration, layers, referrers",
  operands: "[config.yml] <reference>",
  maxOperands: 2,
  description: `Shows an image of this machine's store, a registry, a layout or an archive: digest, type, size, platforms or layers, what it
runs, its labels and annotations, and what refers to it (signatures, SBOMs, attestations). No layer is read.

  registry inspect team/app:v1
  registry inspect ghcr.io/acme/app:latest --platform linux/arm64
  registry inspect team/app@sha256:4bcff6… --json | jq .manifest
  registry inspect team/app:v1 --raw | sha256sum
  registry inspect oci:DIR:v1          also oci-archive:FILE and docker-archive:FILE, without a tag if there is one image

Without a tag :latest is meant. With --platform one child of an index is shown instead of the index.`,
  flags: [
    ...referenceFlags,
    { name: "platform", value: "OS/ARCH", help: "of an index the image for this platform, such as linux/arm64/v8" },
    { name: "raw", help: "print the bytes of the manifest and nothing else" },
    { name: "json", help: "print one JSON object, with the manifest and the configuration" },
  ],
  run: inspect,
};

async function inspect(words: ParsedWords, io: CommandIo): Promise<number> {
  const call = readCall(words, io);
  const [text, extra] = call.operands;
  if (text === undefined) throw new UsageError("which image? such as team/app:v1");
  if (extra !== undefined) throw new UsageError(`one image at a time; unexpected ${JSON.stringify(extra)}`);
  if (hasFlag(words, "raw") && hasFlag(words, "json")) throw new UsageError("--raw and --json exclude each other");
  const reference = operandOf(parseImageReference(text));
  if ("path" in reference)
    return withArchive(reference, async (source) => showArchived(source, reference, { words, io }));
  const show = (source: ImageSource) => {
    const { name, reference: wanted = latest() } = reference;
    const written = formatImageName(source.host, name, wanted.kind === "tag" ? wanted.tag : wanted.digest);
    const place = {
      reader: source.reader(name),
      referrers: (digest: Digest) => source.referrers(name, digest),
      written,
    };
    return showImage(place, wanted, { words, io });
  };
  if (reference.kind === "store") return withStore(call, async ({ store }) => show(openStoreSource(store)));
  return withRegistry(call, reference.host, (api) => show(openRegistrySource(api)));
}

/** Where one image is looked for. */
interface InspectedPlace {
  readonly reader: ImageReader;
  readonly referrers: (digest: Digest) => AsyncIterable<ListedReferrer>;
  /** The image as people write it. */
  readonly written: string;
}

interface InspectCall {
  readonly words: ParsedWords;
  readonly io: CommandIo;
}

function showArchived(
  source: ArchiveSource,
  { kind, path, tag, digest }: ArchiveReference,
  call: InspectCall,
): Promise<number> {
  const wanted = digest ?? source.find(tag);
  const written = `${kind}:${path}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
  return showImage({ ...source, written }, { kind: "digest", digest: wanted }, call);
}

async function showImage(place: InspectedPlace, wanted: Reference, { words, io }: InspectCall): Promise<number> {
  const { reader, written } = place;
  const read = await reader.manifest(wanted);
  if (read === undefined) throw new CommandError(`there is no ${written}`);
  const whole = await describeImage(reader, read);
  const platform = flagOf(words, "platform");
  const chosen = platform === undefined ? read : await readChild(place, { whole, platform });
  if (hasFlag(words, "raw")) {
    io.stdout(new TextDecoder().decode(chosen.bytes));
    return 0;
  }
  const image = chosen === read ? whole : await describeImage(reader, chosen);
  const referrers = await listReferrers(place, image);
  const inspected = { image, written, ...referrers };
  io.stdout(
    hasFlag(words, "json")
      ? `${formatStrangerJson(inspectedAsJson(inspected), 2)}\n`
      : formatInspected(inspected, io.now()),
  );
  return 0;
}

function latest(): Reference {
  const tag = parseTag("latest");
  if (tag === undefined) throw new TypeError("no tag");
  return { kind: "tag", tag };
}

const maxShown = 500;

async function readChild(
  { reader, written }: InspectedPlace,
  { whole, platform }: { readonly whole: DescribedImage; readonly platform: string },
) {
  const of = (wanted: string) => whole.children.find((child) => child.platform === wanted);
  // A variant may be left out.
  const child = of(platform) ?? whole.children.find((each) => each.platform?.startsWith(`${platform}/`) === true);
  if (child === undefined) {
    const { platforms } = whole;
    const told = platforms.length === 0 ? "it tells of no platforms" : `there are ${platforms.join(", ")}`;
    const there = showStranger(told, maxShown);
    throw new CommandError(`${written} has no image for ${platform}; ${there}`);
  }
  const read = await reader.manifest({ kind: "digest", digest: child.digest });
  if (read === undefined) throw new CommandError(`the image of ${written} for ${platform} is not there`);
  return read;
}

const maxReferrers = 1000;

async function listReferrers(
  place: InspectedPlace,
  image: DescribedImage,
): Promise<Pick<InspectedImage, "referrers" | "hasMoreReferrers">> {
  const referrers: ListedReferrer[] = [];
  for await (const each of place.referrers(image.digest)) {
    if (referrers.length === maxReferrers) return { referrers, hasMoreReferrers: true };
    referrers.push(each);
  }
  return { referrers, hasMoreReferrers: false };
}
