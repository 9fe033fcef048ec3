// registry export
import { resolve } from "node:path";
import { exportImages } from "../../app/transfers/export-images.ts";
import { formatSize } from "../../lib/size.ts";
import { errorCode } from "../../lib/system-error.ts";
import { untilAborted } from "../../lib/until-aborted.ts";
import { ArchiveWriter } from "../../transfer/archive/archive-destination.ts";
import { type ArchiveSink, openArchiveFile } from "../../transfer/archive/archive-file.ts";
import { startCopyRun } from "../../transfer/copy.ts";
import { type CopyOrigin, parseCopyOrigin } from "../../transfer/operands.ts";
import type { WantedPlatform } from "../../transfer/platform.ts";
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
import { createCopyProgress } from "./copy-progress.ts";
import { isInStore, operand, platformFlag, platformOf, runTransfer } from "./run-transfer.ts";

const maxReferences = 10_000;

/** Puts images with everything that they need into one file. */
export const exportCommand: Command = {
  name: "export",
  summary: "puts images with everything they need into one file",
  operands: "<reference>…",
  maxOperands: maxReferences,
  description: `Writes an OCI layout as one tar archive, for where no network leads: indexes with all their platforms, each blob
once. \`registry import\` reads it, and so do podman, skopeo, containerd and other tools. References are those of
\`registry cp\`, with globs: registry export 'team/**' -o team.tar
With --docker the archive is one that \`docker load\` reads too; it then has one platform of each image, this machine's
unless --platform names another one.
The file is in its place when it is whole, and not before. With -o - it goes to standard output.`,
  flags: [
    { name: "output", short: "o", value: "FILE", help: "the archive; - for standard output" },
    ...referenceFlags,
    platformFlag,
    { name: "docker", help: "for `docker load`: one platform of each image" },
    { name: "referrers", help: "with signatures, SBOMs, attestations and whatever else refers to the images" },
    { name: "quiet", short: "q", help: "print nothing but errors" },
  ],
  run: runExport,
};

async function runExport(words: ParsedWords, io: CommandIo): Promise<number> {
  const output = flagOf(words, "output");
  if (output === undefined) throw new UsageError("export needs a file: export <reference>… -o FILE");
  if (words.positionals.length === 0) throw new UsageError("export needs a reference: export <reference>… -o FILE");
  const from = words.positionals.map((text) => operand(parseCopyOrigin(text)));
  const platform = wantedPlatform(words);
  const request = { words, io, needsStore: from.some(isInStore) };
  return await runTransfer(request, async (places, signal) => {
    const sink = await openOutput(output, io, signal);
    const writer = new ArchiveWriter(sink, { label: output, isForDocker: hasFlag(words, "docker") });
    try {
      return await write({ words, io, from, platform, writer, output, signal }, places);
    } finally {
      await sink.abandon();
    }
  });
}

/** Opened as the user who also puts it into its place: by then a root has become the owner of the store. */
async function openOutput(output: string, io: CommandIo, signal: AbortSignal): Promise<ArchiveSink> {
  try {
    return output === "-" ? standardOutput(io, signal) : await openArchiveFile(resolve(output));
  } catch (error) {
    if (errorCode(error) !== "EACCES" || process.getuid?.() !== 0) throw error;
    throw new CommandError(
      `${output} cannot be written by the owner of the store, as whom root works here; say -o - > ${output} instead`,
    );
  }
}

/** Waits for the reader with each piece, however slow it is, unless the command is to end. */
function standardOutput({ stdoutBytes }: CommandIo, signal: AbortSignal): ArchiveSink {
  return {
    write: (bytes) => untilAborted(stdoutBytes(bytes), signal),
    finish: async () => {},
    abandon: async () => {},
  };
}

interface ExportCall {
  readonly words: ParsedWords;
  readonly io: CommandIo;
  readonly from: readonly CopyOrigin[];
  readonly platform: WantedPlatform | undefined;
  readonly writer: ArchiveWriter;
  readonly output: string;
  readonly signal: AbortSignal;
}

async function write(call: ExportCall, places: Parameters<typeof exportImages>[1]): Promise<number> {
  const { words, io, from, platform, writer, output, signal } = call;
  const isQuiet = hasFlag(words, "quiet");
  // Standard output may be the archive.
  const print = (text: string) => (isQuiet ? undefined : output === "-" ? io.stderr(text) : io.stdout(text));
  const progress = createCopyProgress(isQuiet ? { ...io, stderr: () => {} } : io);
  const onExported = ({ name, digest }: { readonly name: string; readonly digest: string }) => {
    progress.clear();
    print(`${name} ${digest}\n`);
  };
  const run = startCopyRun(progress.report, signal);
  const withReferrers = hasFlag(words, "referrers");
  const count = await exportImages({ from, writer, platform, withReferrers, run, onExported }, places).finally(() =>
    progress.clear(),
  );
  if (count === 0) throw new CommandError(`${words.positionals.join(" ")} matches no image`);
  await writer.destination((tag) => tag).finish();
  const { sentBlobs, sentBytes } = progress.summary();
  print(`${output}: ${count} images, ${sentBlobs} blobs, ${formatSize(sentBytes)}\n`);
  return 0;
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64", ia32: "386" };

function wantedPlatform(words: ParsedWords): WantedPlatform | undefined {
  const named = platformOf(words);
  if (named !== undefined || !hasFlag(words, "docker")) return named;
  return { os: "linux", architecture: architectures[process.arch] ?? process.arch, variant: undefined };
}
