// What ls, inspect, rm and du have in common: the configuration of the store, registries, and failures as lines.
import { openRegistryClient } from "../../app/registries/open-registry-client.ts";
import { RegistryApi } from "../../client/registry-api.ts";
import { errorCode } from "../../lib/system-error.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { Parsed } from "../../transfer/reference.ts";
import { CommandError, type CommandIo, flagOf, hasFlag, type ParsedWords, UsageError } from "../command.ts";
import { type MeantStore, registryDependencies, withMeantStore } from "../store-command.ts";

/** What was typed, without the configuration file. */
export interface ImageCall {
  readonly words: ParsedWords;
  readonly io: CommandIo;
  /** The operands that are references. */
  readonly operands: readonly string[];
}

/** Tells the configuration file, which may stand first, from the references. */
export function readCall(words: ParsedWords, io: CommandIo): ImageCall {
  const [first = "", ...rest] = words.positionals;
  const named = flagOf(words, "config");
  const isFile = named === undefined && /\.ya?ml$/.test(first);
  const config = named ?? (isFile ? first : undefined);
  const meant = { ...words, positionals: config === undefined ? [] : [config] };
  return { words: meant, io, operands: isFile ? rest : words.positionals };
}

/** What was parsed; throws wrong usage. */
export function operandOf<T>(parsed: Parsed<T>): T {
  if ("value" in parsed) return parsed.value;
  throw new UsageError(parsed.problem);
}

/** Works on the store. */
export function withStore({ words, io }: ImageCall, work: (meant: MeantStore) => Promise<number>): Promise<number> {
  return withMeantStore({ words, io }, (meant) => explained(undefined, () => work(meant)));
}

/** Works on a registry. */
export async function withRegistry(
  { words, io }: ImageCall,
  host: string,
  work: (api: RegistryApi) => Promise<number>,
): Promise<number> {
  for (const flag of ["data", "config"]) {
    if (hasFlag(words, flag))
      throw new UsageError(`--${flag} names a store of this machine, but ${host} is a registry`);
  }
  const client = await openRegistryClient(host, registryDependencies(words, io));
  const { signal } = new AbortController();
  return await explained(client, () => work(new RegistryApi(client, { signal })));
}

/** The registry that was asked, for messages. */
export interface AskedRegistry {
  readonly host: string;
  /** Whether there were credentials. */
  readonly hasUser: boolean;
}

async function explained<T>(asked: AskedRegistry | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new CommandError(explainRefusal(error, asked));
  }
}

/** One line about a refusal, with what to do. */
export function explainRefusal({ code, message, cause }: RegistryError, asked: AskedRegistry | undefined): string {
  if (asked === undefined) return message === code ? `it refused: ${code}` : message;
  const { host, hasUser } = asked;
  if (code === "UPSTREAM_DENIED") {
    if (message.includes("no credentials") || message.includes("refuses the credentials")) return message;
    return hasUser
      ? `${host} refuses: the user who is logged in may not, or there is no such repository`
      : `${host} refuses: nobody is logged in (\`docker login ${host}\` or \`podman login ${host}\`), or there is no such repository`;
  }
  if (message.includes("is not trusted")) {
    return `${host} cannot be reached: its certificate is not trusted; \`registry trust ${host}\` installs its authority`;
  }
  if (errorCode(cause) === "EPROTO" || message.includes("does not speak TLS")) {
    return `${host} does not speak TLS; if it is meant to serve plain HTTP, give --plain-http`;
  }
  return message;
}
