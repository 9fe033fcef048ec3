// The section `sync`: repositories of other registries that are kept up to date here.
import * as z from "zod";
import { boolean, count, longDuration, parsed, tagPatterns, text } from "./values.ts";

const source =
  /^(?:docker\.io|localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9.-]+(?=:))(?::\d{1,5})?\/[a-z0-9*][a-z0-9._*/-]*$/;
const target = /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/;
/** One comparison of a range, as npm writes them. */
const comparison = /^(?:[<>]=?|=|\^|~)?v?\d{1,9}(?:\.(?:\d{1,9}|x|\*)){0,2}(?:-[\w.-]+)?$/;

/** The range, or undefined if it says nothing. */
export function parseVersionRange(written: string): string | undefined {
  const parts = written.split("||").flatMap((part) => part.trim().split(/\s+/));
  return written.length <= 200 && parts.every((part) => comparison.test(part)) ? written : undefined;
}

const mirrorKeys =
  "must have the key from, and may have to, tags, semver, newest, referrers, interval, delete, username and password";

const mirror = z
  .object(
    {
      from: text.regex(source, {
        error: "must be a repository of a registry, or a glob of them, such as docker.io/library/alpine",
      }),
      to: text.regex(target, { error: "must be a repository name, such as mirror/alpine" }).optional(),
      tags: tagPatterns.prefault([]),
      semver: parsed(parseVersionRange, "must be a range of versions, such as >=3.18 <4 or ^1.2").optional(),
      newest: count.refine((value) => value > 0, "must be a whole number above 0").optional(),
      referrers: boolean.prefault("false"),
      interval: longDuration.prefault("24h"),
      delete: boolean.prefault("false"),
      username: text.optional(),
      password: text.optional().meta({ isSecret: true }),
    },
    { error: mirrorKeys },
  )
  .meta({ closed: mirrorKeys });

type WrittenMirror = z.output<typeof mirror>;

/** Mirrors of different repositories into one, of which one deletes what is not its own, unless they say which tags are whose. */
function findRivals(mirrors: readonly WrittenMirror[]): readonly (readonly [WrittenMirror, WrittenMirror])[] {
  return [...Map.groupBy(mirrors, placeOf).values()].flatMap((all) =>
    all.flatMap((first, index) =>
      all
        .slice(index + 1)
        .filter(
          (second) => first.from !== second.from && (first.delete || second.delete) && mayShareTags(first, second),
        )
        .map((second) => [first, second] as const),
    ),
  );
}

/** Where it puts images; that of a glob is one too. */
function placeOf({ from, to }: WrittenMirror): string {
  const names = from.slice(from.indexOf("/") + 1);
  return to !== undefined && names.includes("*") ? `${to}/${names}` : (to ?? names);
}

function mayShareTags({ tags }: WrittenMirror, other: WrittenMirror): boolean {
  return tags.length === 0 || other.tags.length === 0 || tags.some((tag) => other.tags.includes(tag));
}

/** The mirrors. */
export const sync = z
  .array(mirror, { error: "must be a list of {from, to}" })
  .check(({ value, issues }) => {
    const refuse = (message: string) => issues.push({ code: "custom", message, input: undefined });
    for (const { from, username, password } of value) {
      if ((username === undefined) !== (password === undefined))
        refuse(`${from} has only one of username and password`);
    }
    for (const [first, second] of findRivals(value)) {
      refuse(`${first.from} and ${second.from} fill the same repository, where delete would remove each other's tags`);
    }
  })
  .prefault([])
  .describe(
    "Mirrors of repositories of other registries, as a list of {from, to, tags, interval}; docs/copying.md has all keys.",
  );
