// registry import
import { importImages } from "../../app/transfers/import-images.ts";
import { formatSize } from "../../lib/size.ts";
import { startCopyRun } from "../../transfer/copy.ts";
import { parseCopyTarget } from "../../transfer/operands.ts";
import { type Command, CommandError, type CommandIo, hasFlag, type ParsedWords, UsageError } from "../command.ts";
import { referenceFlags } from "../store-command.ts";
import { createCopyProgress } from "./copy-progress.ts";
import { operand, runTransfer } from "./run-transfer.ts";

/** Takes the images of an archive in. */
export const importCommand: Command = {
  name: "import",
  summary: "takes the images of an archive in",
  operands: "<file> [to]",
  maxOperands: 2,
  description: `Reads what \`registry export\`, \`docker save\`, podman, skopeo or another tool wrote: an OCI layout as a tar archive or
as a directory, or a docker archive. Images come into the store under the names that they have in the archive, without
the registry that is part of a name: docker.io/library/alpine:3 becomes library/alpine:3. With [to] they come below that
name: registry import images.tar mirror, or into another registry: registry import images.tar host:5000/mirror.
Images that have only a tag in the archive need [to], and come into that repository.
What is there already is skipped, so the same command goes on after an interruption. Every byte is checked. Signatures and
whatever else refers to an image comes with it.`,
  flags: [...referenceFlags, { name: "quiet", short: "q", help: "print nothing but errors" }],
  run: runImport,
};

async function runImport(words: ParsedWords, io: CommandIo): Promise<number> {
  const [file, toText] = words.positionals;
  if (file === undefined) throw new UsageError("import needs a file: import <file> [to]");
  const to = toText === undefined ? undefined : operand(parseCopyTarget(toText));
  if (to !== undefined && ("path" in to || to.reference !== undefined)) {
    throw new UsageError(`${toText} is no repository; images keep their tags`);
  }
  const isQuiet = hasFlag(words, "quiet");
  return await runTransfer({ words, io, needsStore: to?.kind !== "registry" }, async (places, signal) => {
    const progress = createCopyProgress(isQuiet ? { ...io, stderr: () => {} } : io);
    const onImported = (image: { readonly name: string; readonly to: string; readonly digest: string }) => {
      progress.clear();
      if (!isQuiet) io.stdout(`${image.name} -> ${image.to} ${image.digest}\n`);
    };
    const onNameless = (digest: string) => {
      progress.clear();
      io.stderr(`warning: ${digest} has no name and was left; say where it goes: registry import ${file} REPOSITORY\n`);
    };
    const run = startCopyRun(progress.report, signal);
    const count = await importImages({ file, to, run, onImported, onNameless }, places).finally(() => progress.clear());
    if (count === 0) throw new CommandError(`${file} has no images`);
    const { sentBlobs, sentBytes, skippedBytes } = progress.summary();
    if (!isQuiet)
      io.stdout(`took in ${sentBlobs} blobs, ${formatSize(sentBytes)}; ${formatSize(skippedBytes)} were there\n`);
    return 0;
  });
}
