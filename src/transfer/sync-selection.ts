// Which tags of an upstream a mirror has. Pure.
import type { Tag } from "../oci/reference.ts";

/** What an entry of the configuration wants. */
export interface MirrorSelection {
  /** Whether a pattern covers the tag; undefined: all do. */
  readonly covers: ((tag: string) => boolean) | undefined;
  /** A range of versions, as npm writes them. */
  readonly semver: string | undefined;
  /** How many of the highest versions. */
  readonly newest: number | undefined;
}

/** A version, with or without "v" and with one to three numbers. */
const version = /^v?\d{1,9}(?:\.\d{1,9}){0,2}(?:-[0-9A-Za-z.-]{1,100})?$/;

/** The tags of the mirror. With a range or a number of versions, tags that are no versions are not among them. */
export function selectTags(tags: readonly Tag[], { covers, semver, newest }: MirrorSelection): readonly Tag[] {
  const covered = covers === undefined ? tags : tags.filter(covers);
  if (semver === undefined && newest === undefined) return covered;
  const versions = covered.filter((tag) => version.test(tag));
  const within = semver === undefined ? versions : versions.filter((tag) => Bun.semver.satisfies(spell(tag), semver));
  if (newest === undefined) return within;
  return within.toSorted((a, b) => Bun.semver.order(spell(b), spell(a))).slice(0, newest);
}

/** With three numbers: "v1.2" is 1.2.0. */
function spell(tag: string): string {
  const [, numbers = "", rest = ""] = /^v?([\d.]+)(.*)$/.exec(tag) ?? [];
  const parts = numbers.split(".");
  return `${[...parts, "0", "0"].slice(0, 3).join(".")}${rest}`;
}

/** The tags of a mirror that its upstream no longer has, of those that the entry covers. */
export function findRemoved(
  here: readonly Tag[],
  upstream: readonly Tag[],
  { covers }: Pick<MirrorSelection, "covers">,
): readonly Tag[] {
  const there = new Set(upstream);
  return here.filter((tag) => !there.has(tag) && (covers === undefined || covers(tag)));
}
