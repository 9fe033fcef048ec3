import { readFileSync } from "node:fs";
import { join } from "node:path";

/** README's line that installs the service. */
export const serviceLines = firstBlock("README.md", "## As a service\n\n");

/** The lines of docs/operation.md that do the same by hand. */
export const manualLines = firstBlock("docs/operation.md", "By hand, the same is:\n\n");

/** The block of code after these words. */
function firstBlock(page: string, words: string): string {
  const [, after = ""] = readFileSync(join(import.meta.dir, "../..", page), "utf8").split(words);
  const [, block] = /^```sh\n([\s\S]*?)\n```/.exec(after) ?? [];
  if (block === undefined) throw new Error(`${page} has no code after ${JSON.stringify(words)}`);
  return block;
}
