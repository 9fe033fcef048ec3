// Who is at work beside the clients: collectors, repairs, bystanders, and a local user without rights.
import { Chance } from "./chance.ts";
import { grabOnAndOn } from "./local-user.ts";
import type { RoundPlan } from "./plan.ts";
import { repairOnAndOn } from "./repairs.ts";
import { collectOnAndOn } from "./victims.ts";
import { watch, watchable } from "./watch.ts";
import type { Stage, World } from "./world.ts";

/** Resolves when all of them have ended. */
export async function accompany({ scene, seed, tally }: World, plan: RoundPlan, stage: Stage): Promise<void> {
  const { servers, clock, isOver, report } = stage;
  const chance = new Chance(`${seed}/round ${plan.number}/company`);
  const company = Array.from({ length: plan.collectorCount }, (_, index) => {
    const pauses = chance.fork(`collector ${index}`);
    return collectOnAndOn(scene, {
      ailments: plan.ailments.slice(index * 3),
      isOver,
      isAlone: plan.collectorCount === 1,
      tally,
      clock: clock.env,
      pauseMs: () => pauses.below(200),
    });
  });
  if (plan.repairs) {
    const pauses = chance.fork("repairs");
    // What is damaged may be lost: that is looked at when the round is over.
    const reportLoss = plan.damage === undefined ? report : () => undefined;
    company.push(repairOnAndOn(scene, { isOver, tally, report: reportLoss, pauseMs: () => pauses.below(300) }));
  }
  if (plan.localUser) company.push(grabOnAndOn(scene.data, { isOver, tally, report }));
  company.push(...watchable(plan, servers).map((server) => watch(server, { tally, report })));
  await Promise.all(company);
}
