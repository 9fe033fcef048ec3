// Loads a configuration from a text, as if it stood in a file.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Flags } from "../../src/config/flags.ts";
import { ConfigurationError, type LoadedConfiguration, loadConfiguration } from "../../src/config/load.ts";

export interface Written {
  readonly text?: string | Uint8Array | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly flags?: Flags;
}

/** A file with the text, gone at the end of the block. */
export async function writtenFile(text: string | Uint8Array): Promise<AsyncDisposable & { readonly path: string }> {
  const directory = await mkdtemp(join(tmpdir(), "config-"));
  const path = join(directory, "config.yml");
  await writeFile(path, text);
  return { path, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

/** The configuration; messages name the file `config.yml`. */
export async function load({ text, env = {}, flags = {} }: Written): Promise<LoadedConfiguration> {
  if (text === undefined) return loadConfiguration({ path: undefined, env, flags });
  await using file = await writtenFile(text);
  try {
    const loaded = await loadConfiguration({ path: file.path, env, flags });
    return { ...loaded, warnings: loaded.warnings.map((line) => line.replaceAll(file.path, "config.yml")) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const shorten = (line: string): string => line.replaceAll(file.path, "config.yml");
    throw new ConfigurationError(error.problems.map(shorten), error.warnings.map(shorten));
  }
}

/** The lines of the error, or undefined where there is none. */
export async function problemsOf(written: Written): Promise<readonly string[] | undefined> {
  try {
    await load(written);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems;
  }
}
