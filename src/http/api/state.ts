// GET state: the server, its certificate, its schedules and its caches.
import type { LastRun } from "../../registry/last-runs.ts";
import type { Exchange } from "../exchange.ts";
import { answerJson, formatTime } from "./answers.ts";
import type { ServerDescription } from "./server-description.ts";

/** What the server is and does. What concerns all content is shown only to callers that may see all of it. */
export async function getState({ api, rights, switches, origin }: Exchange): Promise<Response> {
  const { reading, schedule, describe } = api;
  const { version, certificate, check, ...caches } = describe();
  const lastOf = async (kind: "collection" | "check") =>
    rights.seesEverything ? formatRun(await reading.lastRun(kind)) : null;
  return answerJson({
    version,
    url: origin.replace(/\/$/, ""),
    certificate: certificate === undefined ? null : formatCertificate(certificate),
    isReadOnly: switches.isReadOnly,
    isDeletionEnabled: switches.isDeleteEnabled,
    collection: {
      isScheduled: schedule.intervalMs !== undefined,
      intervalMs: schedule.intervalMs ?? null,
      graceMs: schedule.graceMs,
      deletesUntagged: schedule.deletesUntagged,
      last: await lastOf("collection"),
    },
    check: {
      isScheduled: check.intervalMs !== undefined,
      intervalMs: check.intervalMs ?? null,
      last: await lastOf("check"),
    },
    ...(rights.seesEverything ? formatCaches(caches) : { caches: [], cached: null }),
  });
}

function formatCertificate({
  names,
  fingerprint,
  endsMs,
  authorityFingerprint,
}: NonNullable<ServerDescription["certificate"]>) {
  return { names, fingerprint, ends: formatTime(endsMs), authorityFingerprint: authorityFingerprint ?? null };
}

function formatCaches({ upstreams, cached }: Pick<ServerDescription, "upstreams" | "cached">) {
  return {
    caches: upstreams.map(({ problem, remainingPulls, ...upstream }) => ({
      ...upstream,
      problem: problem ?? null,
      remainingPulls: remainingPulls ?? null,
    })),
    cached,
  };
}

function formatRun(run: LastRun | undefined) {
  return run === undefined ? null : { ended: formatTime(run.endedMs), ...run.counts };
}
