// One platform of an index.
//
//   platform ::= os "/" architecture ["/" variant]        as in docker's --platform
import { type Descriptor, formatPlatform } from "../oci/descriptor.ts";
import { RegistryError } from "../oci/errors.ts";

/** What is wanted of an index. */
export interface WantedPlatform {
  readonly os: string;
  readonly architecture: string;
  /** Any where absent. */
  readonly variant: string | undefined;
}

/** The platform that the text spells, or undefined. */
export function parsePlatform(text: string): WantedPlatform | undefined {
  const match = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?$/.exec(text);
  const [, os, architecture, variant] = match ?? [];
  return os === undefined || architecture === undefined ? undefined : { os, architecture, variant };
}

/** The first child for the platform; throws MANIFEST_UNKNOWN with those that there are. */
export function choosePlatform(children: readonly Descriptor[], wanted: WantedPlatform, label: string): Descriptor {
  const chosen = children.find(
    ({ platform }) =>
      platform?.os === wanted.os &&
      platform.architecture === wanted.architecture &&
      (wanted.variant === undefined || platform.variant === wanted.variant),
  );
  if (chosen !== undefined) return chosen;
  const offered = new Set(children.flatMap(({ platform }) => (platform && formatPlatform(platform)) ?? []));
  throw new RegistryError("MANIFEST_UNKNOWN", {
    message: `${label} has nothing for ${formatPlatform(wanted)}; it has ${[...offered].slice(0, 20).join(", ") || "no platforms"}`,
  });
}
