// What `registry rm` says about the store: the plan, and what came of it; for people, or as JSON lines.
import { counted } from "../../lib/counted.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { DeletionOutcome } from "../../registry/deleting/carry-out.ts";
import type { DeletionPlan } from "../../registry/deleting/plan-deletion.ts";
import type { CollectorSchedule, FreeTime } from "../../registry/reading/collector-schedule.ts";
import { joinTimes } from "../../registry/reading/collector-schedule.ts";
import type { CommandIo } from "../command.ts";
import { formatTime } from "./age.ts";
import { formatBlobs, formatFreeTime } from "./free-time.ts";
import { listSome, type RemovalWishes } from "./removal-target.ts";
import { formatImageName } from "./source.ts";

/** A repository with what is to go from it. */
export interface PlannedRepository {
  readonly name: RepositoryName;
  readonly plan: DeletionPlan;
}

/** What a report knows beforehand. */
export interface ReportOptions {
  readonly wishes: RemovalWishes;
  readonly schedule: CollectorSchedule;
  /** Whether other repositories were looked at for what they need too. */
  readonly isExact: boolean;
  readonly nowMs: number;
}

/** Tells what happens. */
export interface StoreReport {
  plan(planned: readonly PlannedRepository[]): void;
  done(name: RepositoryName, outcome: DeletionOutcome): void;
  /** The end, and the exit code: 1 if something stays that the plan said would go. */
  finish(): number;
}

const maxListed = 12;
const maxRepositories = 50;
const maxKept = 10;
const shortDigest = 19;

/** A report in the way that was asked for. */
export function createStoreReport(io: Pick<CommandIo, "stdout" | "stderr">, options: ReportOptions): StoreReport {
  const { isJson, isDryRun } = options.wishes;
  const print = (value: object) => io.stdout(`${JSON.stringify(value)}\n`);
  let [tags, manifests, kept] = [0, 0, 0];
  let freed: ReturnType<typeof sumUp> | undefined;
  const free = () => (freed === undefined ? {} : freedAsJson(freed, options));
  return {
    plan: (planned) => {
      freed = sumUp(planned);
      if (!isJson) io.stdout(formatPlans(planned, options));
      else if (isDryRun) {
        for (const each of planned) printPlan(print, each);
        const [all, doomed] = [planned.flatMap(({ plan }) => plan.tags), planned.flatMap(({ plan }) => plan.manifests)];
        print({ kind: "summary", isDryRun, tags: all.length, manifests: doomed.length, kept: 0, ...free() });
      }
    },
    done: (repository, outcome) => {
      tags += outcome.tags.length;
      manifests += outcome.manifests.length;
      kept += outcome.kept.length;
      for (const each of outcome.kept) {
        const image = formatImageName(undefined, repository, each.tag ?? each.digest);
        if (!isJson) io.stderr(`${image} stays: ${each.reason}\n`);
      }
      if (!isJson) return;
      for (const each of outcome.tags) print({ kind: "tag", repository, ...each });
      for (const digest of outcome.manifests) print({ kind: "manifest", repository, digest });
      for (const each of outcome.kept) print({ kind: "kept", repository, ...each });
    },
    finish: () => {
      if (isJson) print({ kind: "summary", isDryRun, tags, manifests, kept, ...free() });
      else io.stdout(`deleted: ${counted(tags, "tag")}, ${counted(manifests, "manifest")}\n`);
      return kept > 0 ? 1 : 0;
    },
  };
}

function printPlan(print: (value: object) => void, { name: repository, plan }: PlannedRepository): void {
  for (const each of plan.tags) print({ kind: "tag", repository, ...each });
  for (const { digest, because, image } of plan.manifests) {
    print({ kind: "manifest", repository, digest, because, sizeBytes: image?.sizeBytes });
  }
  for (const tag of plan.immutable) print({ kind: "kept", repository, tag, reason: "the tag is immutable" });
  for (const { digest, because, by } of plan.kept) print({ kind: "kept", repository, digest, because, by });
}

function sumUp(planned: readonly PlannedRepository[]) {
  const freed = { count: 0, sizeBytes: 0 };
  const shared = { count: 0, sizeBytes: 0 };
  let free: FreeTime | undefined;
  for (const { plan } of planned) {
    freed.count += plan.freed.count;
    freed.sizeBytes += plan.freed.sizeBytes;
    shared.count += plan.shared.count;
    shared.sizeBytes += plan.shared.sizeBytes;
    free = joinTimes(free, plan.free);
  }
  return { freed, shared, free };
}

function freedAsJson({ freed, shared, free }: ReturnType<typeof sumUp>, { isExact }: ReportOptions): object {
  return { freed, shared, isExact, freeFrom: formatTime(free?.fromMs), freeBy: formatTime(free?.byMs) };
}

function formatPlans(planned: readonly PlannedRepository[], options: ReportOptions): string {
  const { schedule, nowMs, isExact, wishes } = options;
  const { freed, shared, free } = sumUp(planned);
  const left = planned.length - maxRepositories;
  const most = isExact ? "" : "at most ";
  const would = wishes.isDryRun ? "would become" : "become";
  const verb = freed.count === 1 ? `${would}${wishes.isDryRun ? "" : "s"}` : would;
  const when = freed.count === 0 ? "" : `; ${formatFreeTime(free, { schedule, nowMs })}`;
  return [
    ...planned.slice(0, maxRepositories).map(formatPlan),
    ...(left > 0 ? [`and ${counted(left, "more repository")}\n`] : []),
    `${most}${formatBlobs(freed)}, ${verb} garbage${when}\n`,
    ...(shared.count === 0
      ? []
      : [`${formatBlobs(shared)}, ${shared.count === 1 ? "stays" : "stay"}: something else needs them\n`]),
  ].join("");
}

function formatPlan({ name, plan }: PlannedRepository): string {
  const { tags, manifests, immutable, kept, problems, isComplete } = plan;
  const listed = listSome(
    tags.map(({ tag }) => tag),
    maxListed,
  );
  const more = isComplete ? "" : ", and more in further rounds";
  const others = describeManifests(plan);
  return [
    `${formatImageName(undefined, name)}: ${counted(tags.length, "tag")}, ${counted(manifests.length, "manifest")}${more}\n`,
    ...(tags.length === 0 ? [] : [`  tags: ${listed}\n`]),
    ...(others === "" ? [] : [`  with ${others}\n`]),
    ...(immutable.length === 0 ? [] : [`  stays: ${listSome(immutable, maxListed)} (immutable)\n`]),
    ...kept
      .slice(0, maxKept)
      .map(({ digest, because, by }) => `  stays: ${shorten(digest)}, ${explainKept(because, by)}\n`),
    ...(kept.length > maxKept ? [`  stay: ${counted(kept.length - maxKept, "more manifest")}\n`] : []),
    ...problems.map((problem) => `  cannot be read: ${problem}\n`),
  ].join("");
}

/** The manifests that go because others do. */
function describeManifests({ manifests }: DeletionPlan): string {
  const count = (reason: string) => manifests.filter(({ because }) => because === reason).length;
  const [children, referrers] = [count("child"), count("referrer")];
  return [
    ...(children === 0 ? [] : [`${children} of an index`]),
    ...(referrers === 0 ? [] : [counted(referrers, "referrer")]),
  ].join(", ");
}

function explainKept(because: DeletionPlan["kept"][number]["because"], by: readonly string[]): string {
  const whom = listSome(
    by.map((each) => (each.includes(":") ? shorten(each) : each)),
    maxListed,
  );
  switch (because) {
    case "tag":
      return `which ${whom} ${by.length === 1 ? "leads" : "lead"} to`;
    case "index":
      return `which the index ${whom} names`;
    case "subject":
      return `which refers to ${whom}`;
    case "touched":
      return "which somebody has just asked for, perhaps to push an index over it";
    case "unreadable":
      return "which something that cannot be read may need";
  }
}

function shorten(digest: Digest | string): string {
  return digest.slice(0, shortDigest);
}
