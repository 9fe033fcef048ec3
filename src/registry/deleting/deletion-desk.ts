// Deletions that callers plan and order: a few at once, so that pushes and pulls keep their share of the disk.
import { SharedWork } from "../../lib/shared-work.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { IsImmutable } from "../immutable-tags.ts";
import type { CollectorSchedule } from "../reading/collector-schedule.ts";
import { refuseTooMuch } from "../reading/too-much-work.ts";
import type { PlannedDeletions } from "../repository.ts";
import type { Store } from "../store.ts";
import { carryOutDeletion, type DeletionOutcome } from "./carry-out.ts";
import { type DeletionPlan, planDeletion } from "./plan-deletion.ts";

/** What deletions have to respect. */
export interface DeletionRules {
  readonly isImmutable?: IsImmutable | undefined;
  readonly schedule?: CollectorSchedule | undefined;
}

const unscheduled: CollectorSchedule = { graceMs: 0, intervalMs: undefined, deletesUntagged: false };
const limits = { maxRunning: 2, maxWaiting: 20 };

/** The deletions of one store. */
export class DeletionDesk {
  readonly #store: Store;
  readonly #rules: DeletionRules;
  readonly #plans = new SharedWork<DeletionPlan>(limits);
  readonly #orders = new SharedWork<DeletionOutcome>(limits);
  #count = 0;

  constructor(store: Store, rules: DeletionRules) {
    this.#store = store;
    this.#rules = rules;
  }

  /** Those of one repository. What they depend on differs by caller, so no two share a computation. */
  of(name: RepositoryName): PlannedDeletions {
    const { isImmutable, schedule = unscheduled } = this.#rules;
    return {
      plan: (request) =>
        refuseTooMuch(() =>
          this.#plans.run(this.#nextKey(), request.signal, (signal) =>
            planDeletion(this.#store, name, { ...request, isImmutable, schedule, signal }),
          ),
        ),
      carryOut: (request) =>
        refuseTooMuch(() =>
          this.#orders.run(this.#nextKey(), request.signal, (signal) =>
            carryOutDeletion(this.#store, name, { ...request, isImmutable, signal }),
          ),
        ),
    };
  }

  #nextKey(): string {
    this.#count += 1;
    return String(this.#count);
  }
}
