// What the commands that work on a store have in common: which store is meant, and how it is opened.
import { openExistingStore } from "../app/open-store.ts";
import { StartError } from "../app/start-error.ts";
import type { Configuration } from "../config/configuration.ts";
import type { Store } from "../registry/store.ts";
import { CommandError, type CommandIo, type Flag, type ParsedWords } from "./command.ts";
import { loadFor } from "./load-for.ts";

/** The flag that names the store where no configuration file does. */
export const dataFlag: Flag = { name: "data", value: "DIR", help: "where the data lies" };

/** The store that the words mean, with the configuration that goes with it. */
export async function openMeantStore(
  words: ParsedWords,
  io: CommandIo,
): Promise<{ readonly store: Store; readonly configuration: Configuration }> {
  const { configuration } = await loadFor(words, io);
  const warn = (warning: string) => io.stderr(`warning: ${warning}\n`);
  try {
    const { store } = await openExistingStore(configuration, { env: io.env, now: io.now, warn });
    return { store, configuration };
  } catch (error) {
    if (error instanceof StartError) throw new CommandError(error.message);
    throw error;
  }
}
