// A registry with a configuration file.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";

/** The least that a file has. */
export const minimal = "version: 0.1\nstorage:\n  filesystem: {}\n";

/** Starts a registry with a file of this text. */
export async function startWith(
  text: string,
  options: Parameters<typeof startRegistry>[0] = {},
): Promise<StartedRegistry> {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  writeFileSync(file, text);
  return await startRegistry({ ...options, args: [...(options.args ?? []), file] });
}
