// The mirrors of the configuration: what is copied from where, and whether it is due.
import type { Configuration } from "../../config/schema.ts";
import { hashBytes } from "../../oci/hash.ts";
import type { Store } from "../../registry/store.ts";
import { collectorPlace } from "../../storage/places.ts";
import { type CopyOrigin, parseCopyOrigin } from "../../transfer/operands.ts";
import type { MirrorSelection } from "../../transfer/sync-selection.ts";
import { compileTagPattern } from "../store/keep-rules.ts";

/** One entry of `sync`. */
export interface Mirror {
  readonly from: Extract<CopyOrigin, { kind: "repositories" }>;
  /** As it is written. */
  readonly label: string;
  readonly to: string | undefined;
  /** What it brings, as it is written: another selection is another mirror. */
  readonly wanted: string;
  readonly selection: MirrorSelection;
  readonly withReferrers: boolean;
  readonly deletes: boolean;
  readonly intervalMs: number;
  readonly login: { readonly username: string; readonly password: string } | undefined;
}

/** The mirrors that are configured. */
export function mirrorsOf({ sync }: Configuration): readonly Mirror[] {
  return sync.map(({ from, to, tags, semver, newest, referrers, interval, delete: deletes, username, password }) => {
    const parsed = parseCopyOrigin(from);
    // The schema has looked at it.
    if ("problem" in parsed || parsed.value.kind !== "repositories") throw new TypeError(`no repository: ${from}`);
    const patterns = tags.map(compileTagPattern);
    return {
      from: parsed.value,
      label: from,
      to,
      wanted: JSON.stringify({ tags, semver, newest, referrers, deletes }),
      selection: {
        covers: patterns.length === 0 ? undefined : (tag: string) => patterns.some((matches) => matches(tag)),
        semver,
        newest,
      },
      withReferrers: referrers,
      deletes,
      intervalMs: interval,
      login: username === undefined || password === undefined ? undefined : { username, password },
    };
  });
}

/** Below it lies when each mirror was brought up to date, and what the process that does it holds. */
export const mirroredPrefix = `${collectorPlace}/mirrored`;

/** Its time is when the mirror was last brought up to date, by whichever process. */
function stampKey({ label, to, wanted }: Mirror): string {
  const hash = hashBytes(new TextEncoder().encode(`${label} ${to ?? ""} ${wanted}`), "sha256");
  return `${mirroredPrefix}/${hash.slice("sha256:".length)}`;
}

/** Notes that the mirror is up to date. */
export async function stampMirror(store: Store, mirror: Mirror): Promise<void> {
  await store.objects.put(stampKey(mirror), new Uint8Array());
}

/** When it was, in milliseconds since 1970; undefined if never. */
export async function mirroredMs(store: Store, mirror: Mirror): Promise<number | undefined> {
  return (await store.objects.stat(stampKey(mirror)))?.changedMs;
}
