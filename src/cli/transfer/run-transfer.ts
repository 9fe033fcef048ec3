// What commands that copy have in common: the store they work on, registries, Ctrl-C, and failures in one line.
import { openCopiedStore, type RepositoryPlaces } from "../../app/transfers/places.ts";
import { Registries } from "../../app/transfers/registries.ts";
import { showStranger } from "../../lib/quoted.ts";
import { errorCode, messageOf } from "../../lib/system-error.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { CopyOrigin } from "../../transfer/operands.ts";
import { parsePlatform, type WantedPlatform } from "../../transfer/platform.ts";
import type { Parsed } from "../../transfer/reference.ts";
import { CommandError, type CommandIo, type Flag, flagOf, type ParsedWords, UsageError } from "../command.ts";
import { interruptibly } from "../interrupt.ts";
import { registryDependencies, withMeantStore } from "../store-command.ts";

/** Takes one child of each index. */
export const platformFlag: Flag = {
  name: "platform",
  value: "OS/ARCH",
  help: "one platform of each index, such as linux/arm64; otherwise all of them",
};

/** A call of such a command. */
export interface TransferCall {
  readonly words: ParsedWords;
  readonly io: CommandIo;
  /** Whether an operand lies in the store. */
  readonly needsStore: boolean;
}

/** Does the work; what fails becomes one line. */
export async function runTransfer(
  { words, io, needsStore }: TransferCall,
  work: (places: RepositoryPlaces, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  return await interruptibly(io, async (signal) => {
    const registries = new Registries({ ...registryDependencies(words, io), signal });
    const explained = async (places: RepositoryPlaces) => {
      try {
        return await work(places, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        throw explain(error);
      }
    };
    if (!needsStore) return await explained({ store: undefined, registries });
    const config = flagOf(words, "config");
    const meant = { ...words, positionals: config === undefined ? [] : [config] };
    return await withMeantStore({ words: meant, io }, async ({ store, configuration }) =>
      explained({ store: openCopiedStore(store, configuration), registries }),
    );
  });
}

/** An operand; throws a UsageError that says what is wrong with it. */
export function operand<T>(parsed: Parsed<T>): T {
  if ("value" in parsed) return parsed.value;
  throw new UsageError(parsed.problem);
}

/** Whether images come from the store. */
export function isInStore(from: CopyOrigin): boolean {
  return from.kind === "repositories" && from.host === undefined;
}

/** The wanted platform; throws a UsageError for what is none. */
export function platformOf(words: ParsedWords): WantedPlatform | undefined {
  const text = flagOf(words, "platform");
  const platform = text === undefined ? undefined : parsePlatform(text);
  if (text === undefined || platform !== undefined) return platform;
  throw new UsageError(`--platform is not a platform such as linux/arm64 or linux/arm/v7: ${text}`);
}

const sentences: Readonly<Record<string, string>> = {
  ENOSPC: "make room and run the same command again: it resumes where it stopped",
  EDQUOT: "make room and run the same command again: it resumes where it stopped",
};

const maxShown = 2000;

/** One line for what the user can do something about; anything else is passed on. */
function explain(error: unknown): unknown {
  // It may quote the names of a stranger's archive.
  if (error instanceof RegistryError) {
    return new CommandError(showStranger(`${error.message}${namedIn(error)}`, maxShown));
  }
  const sentence = sentences[errorCode(error) ?? ""];
  return sentence === undefined ? error : new CommandError(`${messageOf(error)}: ${sentence}`);
}

/** Digests that the message leaves out. */
function namedIn({ refusal, message }: RegistryError): string {
  const { digests, digest, name } = refusal.detail ?? {};
  const named = [...(Array.isArray(digests) ? digests : []), digest, name].filter(
    (text) => typeof text === "string" && !message.includes(text),
  );
  return named.length === 0 ? "" : ` (${named.slice(0, 5).join(", ")})`;
}
