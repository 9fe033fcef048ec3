// What the arguments of `registry service` ask for. Pure.
import { resolve } from "node:path";
import { flagOf, hasFlag, type ParsedWords, parseWords, UsageError } from "../command.ts";
import { serveCommand } from "../serve.ts";
import { servingFlags } from "../serving.ts";

/** A service to be installed, or taken away. */
export interface ServiceRequest {
  readonly verb: "install" | "uninstall";
  /** In the service manager of this user. */
  readonly isUser: boolean;
  /** The unit is to be printed, and nothing to be done. */
  readonly isPrint: boolean;
  /** What somebody else has written is to be replaced. */
  readonly isForced: boolean;
  /** What the service serves: the file and the flags of `registry serve`, with whole paths. */
  readonly serving: ParsedWords;
}

/** Reads the arguments; relative paths are below the directory. */
export function parseServiceRequest(words: ParsedWords, workingDirectory: string): ServiceRequest {
  const [verb, file, extra] = words.positionals;
  if (verb !== "install" && verb !== "uninstall") throw new UsageError("say install or uninstall");
  if (extra !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(extra)}`);
  const serving = takeServing({ ...words, positionals: file === undefined ? [] : [file] }, workingDirectory);
  const [isUser, isPrint, isForced] = [hasFlag(words, "user"), hasFlag(words, "print"), hasFlag(words, "force")];
  if (verb === "uninstall" && (isPrint || isForced || !isEmpty(serving))) {
    throw new UsageError("uninstall takes --user, and nothing else");
  }
  return { verb, isUser, isPrint, isForced, serving };
}

/** Whether nothing is said about what the service serves. */
export function isEmpty({ positionals, flags }: ParsedWords): boolean {
  return positionals.length === 0 && Object.keys(flags).length === 0;
}

/** The arguments with which the executable serves that. */
export function formatServing({ positionals, flags }: ParsedWords): readonly string[] {
  const flagged = servingFlags.flatMap(({ name, value }) =>
    (flags[name] ?? []).flatMap((given) => (value === undefined ? [`--${name}`] : [`--${name}`, given])),
  );
  return ["serve", ...flagged, ...positionals];
}

/** The opposite; undefined if the arguments are not those of `registry serve`. */
export function parseServing([verb, ...rest]: readonly string[]): ParsedWords | undefined {
  try {
    return verb === "serve" ? takeServing(parseWords(serveCommand, rest), "/") : undefined;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function takeServing(words: ParsedWords, workingDirectory: string): ParsedWords {
  const data = flagOf(words, "data");
  const whole = data === undefined ? words.flags : { ...words.flags, data: [resolve(workingDirectory, data)] };
  const known = Object.entries(whole).filter(([name]) => servingFlags.some((flag) => flag.name === name));
  const positionals = words.positionals.map((file) => resolve(workingDirectory, file));
  const { repeatHint } = words;
  return { positionals, flags: Object.fromEntries(known), ...(repeatHint === undefined ? {} : { repeatHint }) };
}
