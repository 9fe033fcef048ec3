// registry cp
import { copyImages } from "../../app/transfers/copy-images.ts";
import { formatSize } from "../../lib/size.ts";
import { startCopyRun } from "../../transfer/copy.ts";
import { meansSeveral, parseCopyOrigin, parseCopyTarget } from "../../transfer/operands.ts";
import { type ImageReference, isGlob } from "../../transfer/reference.ts";
import { type Command, CommandError, type CommandIo, hasFlag, type ParsedWords, UsageError } from "../command.ts";
import { referenceFlags } from "../store-command.ts";
import { createCopyProgress } from "./copy-progress.ts";
import { isInStore, operand, platformFlag, platformOf, runTransfer } from "./run-transfer.ts";

/** Copies images between stores, registries, layouts and archives. */
export const cpCommand: Command = {
  name: "cp",
  summary: "copies images between stores, registries and archives",
  operands: "<from> <to>",
  maxOperands: 2,
  description: `Copies an image, or an index with all its platforms, from anywhere to anywhere. A place is
  team/app:v1                  the store of this machine (--data, --config, or the usual one)
  host[:port]/team/app:v1      a registry; also docker://…
  oci:DIR[:TAG]                an OCI layout in a directory
  oci-archive:FILE[:TAG]       an OCI layout in a tar archive
  docker-archive:FILE[:NAME]   what docker save writes and docker load reads
Digests stay what they are, and every byte is checked before it counts. What is there already is not sent again, so the
same command goes on after an interruption; between repositories of one registry blobs are mounted rather than sent.
Without a tag :latest is meant. Repository and tag of <from> may be globs: 'team/app:*' copies all tags, and
'host/team/*' all repositories, to below <to>. Credentials are those of docker and podman logins.
Beside running servers the store is written as by a push, with the rules for manifests and immutable tags; the server
sends no notifications for it.`,
  flags: [
    ...referenceFlags,
    platformFlag,
    { name: "referrers", help: "with signatures, SBOMs, attestations and whatever else refers to the image" },
    { name: "quiet", short: "q", help: "print nothing but errors" },
  ],
  run: cp,
};

async function cp(words: ParsedWords, io: CommandIo): Promise<number> {
  const [fromText, toText] = words.positionals;
  if (fromText === undefined || toText === undefined) throw new UsageError("cp needs two places: cp <from> <to>");
  const from = operand(parseCopyOrigin(fromText));
  const to = operand(parseCopyTarget(toText));
  if (meansSeveral(from) && hasTag(to))
    throw new UsageError(`${fromText} may mean several images, and ${toText} is one`);
  // Two of the same tag would be one there.
  if (from.kind === "repositories" && isGlob(from.names) && "path" in to)
    throw new UsageError(
      `${fromText} may mean several repositories, and a copy tells images in ${to.kind} by tag; say registry export '${fromText}' -o FILE`,
    );
  const needsStore = isInStore(from) || to.kind === "store";
  const platform = platformOf(words);
  const isQuiet = hasFlag(words, "quiet");
  return await runTransfer({ words, io, needsStore }, async (places, signal) => {
    const progress = createCopyProgress(isQuiet ? { ...io, stderr: () => {} } : io);
    const onCopied = (image: { readonly from: string; readonly to: string; readonly digest: string }) => {
      progress.clear();
      if (!isQuiet) io.stdout(`${image.from} -> ${image.to} ${image.digest}\n`);
    };
    const run = startCopyRun(progress.report, signal);
    const count = await copyImages(
      { from, to, platform, withReferrers: hasFlag(words, "referrers"), run, onCopied },
      places,
    ).finally(() => progress.clear());
    if (count === 0) throw new CommandError(`${fromText} matches no image`);
    const { sentBlobs, sentBytes, skippedBytes } = progress.summary();
    if (!isQuiet)
      io.stdout(`sent ${sentBlobs} blobs, ${formatSize(sentBytes)}; ${formatSize(skippedBytes)} were there\n`);
    return 0;
  });
}

function hasTag(to: ImageReference): boolean {
  return "path" in to ? to.tag !== undefined : to.reference !== undefined;
}
