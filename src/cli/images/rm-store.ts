// Deleting from the store of this machine: planned, agreed to, and carried out beside whatever is at work there.

import { recordCommand } from "../../app/observe/open-audit.ts";
import { scheduleOf } from "../../app/store/collector-schedule.ts";
import { counted } from "../../lib/counted.ts";
import { compileNameGlob } from "../../lib/name-glob.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import { carryOutDeletion, type Deleted, type DeletionOutcome } from "../../registry/deleting/carry-out.ts";
import { type DeletionPlan, planDeletion } from "../../registry/deleting/plan-deletion.ts";
import type { DeletionSelection } from "../../registry/deleting/selection.ts";
import { compileImmutable, type IsImmutable } from "../../registry/immutable-tags.ts";
import { isRepository, walkCatalog } from "../../registry/repositories.ts";
import type { Store } from "../../registry/store.ts";
import { isGlob } from "../../transfer/reference.ts";
import { CommandError } from "../command.ts";
import { createProgress } from "../progress.ts";
import type { MeantStore } from "../store-command.ts";
import { type RemovalCall, type RemovalTarget, requireAgreement } from "./removal-target.ts";
import { createStoreReport, type PlannedRepository } from "./rm-store-report.ts";

/** Several references may be about one repository. */
interface WantedRemoval {
  readonly tags: Set<Tag>;
  readonly matchers: ((tag: Tag) => boolean)[];
  readonly digests: Set<Digest>;
  isEverything: boolean;
}

/** With more repositories than this, it is not looked up what other repositories need too: each would look at all. */
const maxCompared = 20;

/** Deletes what the references name; the exit code. */
export async function removeFromStore(
  meant: MeantStore,
  targets: readonly RemovalTarget[],
  { wishes, io }: RemovalCall,
): Promise<number> {
  const { store, configuration } = meant;
  const isImmutable = compileImmutable(configuration.access.immutable);
  const schedule = scheduleOf(configuration, store);
  const wanted = await resolveTargets(store, targets);
  const isExact = wanted.size <= maxCompared;
  const isVisible = isExact ? undefined : () => false;
  const plan = (name: RepositoryName, each: WantedRemoval) =>
    planDeletion(store, name, { selection: selectionOf(each), isImmutable, schedule, isVisible });
  const progress = createProgress(io);
  const planned: PlannedRepository[] = [];
  for (const [name, each] of wanted) {
    planned.push({ name, plan: await plan(name, each) });
    progress.update(`looked at ${planned.length} of ${wanted.size} repositories`);
  }
  progress.clear();
  requireFound(planned, targets);
  const concerned = planned.filter(({ plan: { tags, manifests, immutable, kept } }) =>
    [tags, manifests, immutable, kept].some((each) => each.length > 0),
  );
  const report = createStoreReport(io, { wishes, schedule, isExact, nowMs: io.now() });
  report.plan(concerned);
  const [tags, manifests] = [countAll(planned, "tags"), countAll(planned, "manifests")];
  if (tags + manifests === 0) throw new CommandError("nothing was deleted: what was named stays");
  if (wishes.isDryRun) return 0;
  const more = planned.some((each) => !each.plan.isComplete) ? ", and what else fits" : "";
  const question = `Delete ${counted(tags, "tag")} and ${counted(manifests, "manifest")}${more}?`;
  await requireAgreement(io, question, wishes.isAgreed);
  const note = noteIn(meant, io);
  for (const { name, plan: first } of concerned) {
    const again = () => plan(name, wanted.get(name) ?? nothingWanted());
    await carryOut(store, { name, first, again }, { isImmutable, note: note(name), report });
  }
  return report.finish();
}

interface Carried {
  readonly name: RepositoryName;
  readonly first: DeletionPlan;
  readonly again: () => Promise<DeletionPlan>;
}

/** As many rounds as it takes: the length of a plan is limited. */
async function carryOut(
  store: Store,
  { name, first, again }: Carried,
  dependencies: {
    readonly isImmutable: IsImmutable;
    readonly note: (deleted: Deleted) => Promise<void>;
    readonly report: { done(name: RepositoryName, outcome: DeletionOutcome): void };
  },
): Promise<void> {
  const { isImmutable, note, report } = dependencies;
  for (let plan = first; ; plan = await again()) {
    const order = { tags: plan.tags, manifests: plan.manifests.map(({ digest }) => digest) };
    const outcome = await carryOutDeletion(store, name, { order, isImmutable, note });
    report.done(name, outcome);
    const isStuck = outcome.tags.length + outcome.manifests.length === 0;
    if (plan.isComplete || isStuck || !(await isRepository(store, name))) return;
  }
}

function noteIn({ configuration }: MeantStore, io: RemovalCall["io"]) {
  const warn = (warning: string) => io.stderr(`warning: ${warning}\n`);
  return (repository: RepositoryName) =>
    async ({ kind, deleted }: Deleted): Promise<void> => {
      const tag = "tag" in deleted ? deleted.tag : undefined;
      const tags = "tags" in deleted ? deleted.tags : undefined;
      const entry = { event: `${kind} deleted`, repository, tag, digest: deleted.digest, tags };
      await recordCommand(configuration.log.audit, entry, { now: io.now, warn });
    };
}

function nothingWanted(): WantedRemoval {
  return { tags: new Set(), matchers: [], digests: new Set(), isEverything: false };
}

function selectionOf({ tags, matchers, digests, isEverything }: WantedRemoval): DeletionSelection {
  const matches = matchers.length === 0 ? undefined : (tag: Tag) => matchers.some((match) => match(tag));
  return { tags: [...tags], digests: [...digests], isEverything, matches };
}

async function resolveTargets(
  store: Store,
  targets: readonly RemovalTarget[],
): Promise<Map<RepositoryName, WantedRemoval>> {
  const wanted = new Map<RepositoryName, WantedRemoval>();
  for (const target of targets) {
    for await (const name of namesOf(store, target)) {
      const each = wanted.get(name) ?? nothingWanted();
      wanted.set(name, each);
      addTarget(each, target);
    }
  }
  return wanted;
}

async function* namesOf(store: Store, { names, text }: RemovalTarget): AsyncGenerator<RepositoryName> {
  if (!isGlob(names)) {
    const name = parseRepositoryName(names);
    if (name !== undefined && (await isRepository(store, name))) yield name;
    else throw new CommandError(`nothing was deleted: there is no repository ${names}`);
    return;
  }
  const glob = compileNameGlob(names);
  let isFound = false;
  for await (const name of walkCatalog(store, { below: [], after: undefined })) {
    if (!glob.match(name)) continue;
    isFound = true;
    yield name;
  }
  if (!isFound) throw new CommandError(`nothing was deleted: no repository fits ${text}`);
}

function addTarget(each: WantedRemoval, { tags, digest, isWhole }: RemovalTarget): void {
  if (isWhole) each.isEverything = true;
  if (digest !== undefined) each.digests.add(digest);
  if (tags === undefined) return;
  const tag = isGlob(tags) ? undefined : parseTag(tags);
  if (tag !== undefined) each.tags.add(tag);
  else {
    const glob = compileNameGlob(tags);
    each.matchers.push((text) => glob.match(text));
  }
}

/** What was named has to be there, and something has to fit each glob; a tag that is named for many repositories is in one. */
function requireFound(planned: readonly PlannedRepository[], targets: readonly RemovalTarget[]): void {
  for (const target of targets) {
    if (target.isWhole) continue;
    const named = compileNameGlob(target.names);
    const fits = target.tags === undefined ? undefined : compileNameGlob(target.tags);
    const isFound = planned.some(({ name, plan }) => {
      if (!named.match(name)) return false;
      if (target.digest !== undefined) return !plan.unknown.includes(target.digest);
      return [...plan.tags.map(({ tag }) => tag), ...plan.immutable].some((tag) => fits?.match(tag) === true);
    });
    const isCut = planned.some(({ plan }) => !plan.isComplete);
    if (!isFound && !isCut) {
      const what =
        target.digest === undefined && isGlob(`${target.names}${target.tags}`) ? "nothing fits" : "there is no";
      throw new CommandError(`nothing was deleted: ${what} ${target.text}`);
    }
  }
}

function countAll(planned: readonly PlannedRepository[], what: "tags" | "manifests"): number {
  return planned.reduce((sum, { plan }) => sum + plan[what].length, 0);
}
