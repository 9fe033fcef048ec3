// Mirrors of the tests.
import type { Mirror } from "../../../src/app/transfers/mirrors.ts";
import { type SyncDependencies, type SyncEvent, syncMirrors } from "../../../src/app/transfers/sync.ts";
import { parseCopyOrigin } from "../../../src/transfer/operands.ts";
import type { Stocked } from "../../registry/stocked.ts";

/** A mirror; what differs from the plainest one. */
export function mirrorOf(from: string, changes: Partial<Mirror> = {}): Mirror {
  const parsed = parseCopyOrigin(from);
  if ("problem" in parsed || parsed.value.kind !== "repositories") throw new TypeError(from);
  return {
    from: parsed.value,
    label: from,
    to: undefined,
    wanted: "everything",
    selection: { covers: undefined, semver: undefined, newest: undefined },
    withReferrers: false,
    deletes: false,
    intervalMs: 3_600_000,
    login: undefined,
    ...changes,
  };
}

/** Brings mirrors up to date; what it came to, and what was told. */
export async function mirrored(stock: Stocked, mirrors: readonly Mirror[], changes: Partial<SyncDependencies> = {}) {
  const events: SyncEvent[] = [];
  const outcome = await syncMirrors(mirrors, {
    env: {},
    uid: undefined,
    warn: () => {},
    now: Date.now,
    isPlain: true,
    signal: new AbortController().signal,
    copied: stock,
    told: stock.registry,
    note: "a test",
    report: (event) => void events.push(event),
    ...changes,
  });
  return { outcome, events };
}
