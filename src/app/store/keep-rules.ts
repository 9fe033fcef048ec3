// From the configuration to the tags that a collection keeps.
import { parsePattern } from "../../config/pattern.ts";
import type { Configuration } from "../../config/schema.ts";
import { compileNameGlob } from "../../lib/name-glob.ts";
import type { KeepRules } from "../../registry/gc/keep.ts";
import { compileImmutable } from "../../registry/immutable-tags.ts";

/** The configured rules; undefined if there are none, and all tags stay. */
export function keepOf({ gc, access }: Configuration): KeepRules | undefined {
  if (gc.keep.length === 0) return undefined;
  const rules = gc.keep.map(({ repositories, tags, newest, pushedwithin, pulledwithin }) => {
    const globs = repositories.map(compileNameGlob);
    const patterns = tags.map(compileTagPattern);
    return {
      coversRepository: (name: string) => globs.some((glob) => glob.match(name)),
      coversTag: (tag: string) => patterns.length === 0 || patterns.some((matches) => matches(tag)),
      newest,
      pushedWithinMs: pushedwithin,
      pulledWithinMs: pulledwithin,
    };
  });
  return { rules, isImmutable: compileImmutable(access.immutable) };
}

/** A glob, or between slashes a regular expression that has to match the whole tag. */
export function compileTagPattern(text: string): (tag: string) => boolean {
  if (!text.startsWith("/")) {
    const glob = compileNameGlob(text);
    return (tag) => glob.match(tag);
  }
  const parsed = parsePattern(`^(?:${text.slice(1, -1)})$`);
  if ("problem" in parsed) throw new TypeError(`no pattern: ${text}`);
  return (tag) => parsed.pattern.test(tag);
}
