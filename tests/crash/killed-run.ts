// One run of a scenario that ends in the middle: the program is killed, started again, and looked at.
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { Client, WrongAnswer } from "./client.ts";
import { findBrokenInvariants } from "./directory-check.ts";
import { Expectations } from "./expectations.ts";
import { findDifferences } from "./outcome.ts";
import { resumeUploads } from "./resume.ts";
import type { Scenario } from "./scenarios.ts";

/** Nothing that distracts: no certificate, no lines of the log but errors. */
export const plainArgs = ["--http", "--log-level", "error"];

/** The state before, in a directory of which each run has a copy. */
export interface Prepared {
  readonly scenario: Scenario;
  readonly template: string;
  readonly seen: Expectations;
}

/** Brings about the state that stands before a scenario. */
export async function prepare(scenario: Scenario, template: string): Promise<Prepared> {
  const seen = new Expectations();
  await using registry = await startRegistry({ data: template, args: plainArgs });
  await scenario.before(new Client(registry, seen));
  await registry.stop();
  return { scenario, template, seen };
}

/** What stops the program: resolves when it may be killed, with what it was doing; undefined when it was done before. */
export type Interruption = (registry: StartedRegistry, act: () => Promise<void>) => Promise<string | undefined>;

/** What a run came to. */
export interface RunOutcome {
  /** What the program was doing when it was killed. */
  readonly call: string | undefined;
  readonly problems: readonly string[];
}

/** Runs the scenario on a copy of the state before, kills the program, starts it again and looks at everything. */
export async function runKilled(prepared: Prepared, data: string, interrupt: Interruption): Promise<RunOutcome> {
  const { scenario, template } = prepared;
  const seen = prepared.seen.copy();
  copyState(template, data);
  const problems: string[] = [];
  let call: string | undefined;
  {
    await using registry = await startRegistry({ data, args: plainArgs });
    const client = new Client(registry, seen);
    let over: Promise<void> = Promise.resolve();
    call = await interrupt(registry, () => {
      over = scenario.act(client).catch((error: unknown) => {
        if (error instanceof WrongAnswer) problems.push(error.message);
      });
      return over;
    });
    await registry.kill();
    await over;
  }
  problems.push(...findBrokenInvariants(data));
  problems.push(...(await lookAfterRestart(scenario, { data, seen, mayVanish: false })));
  return { call, problems: problems.map((problem) => `${shorten(call, data)}: ${problem}`) };
}

/** Makes the directory as the template is; locks and the trash's many directories are empty in both, and stay. */
function copyState(template: string, data: string): void {
  if (!existsSync(data)) {
    cpSync(template, data, { recursive: true });
    return;
  }
  for (const part of ["docker", "trash/tags", "trash/uploads"]) {
    rmSync(join(data, part), { recursive: true });
    cpSync(join(template, part), join(data, part), { recursive: true });
  }
}

/** Starts the registry again on what is there: what it shows, and whether what was broken off succeeds now. */
export async function lookAfterRestart(
  scenario: Scenario,
  { data, seen, mayVanish }: { readonly data: string; readonly seen: Expectations; readonly mayVanish: boolean },
): Promise<readonly string[]> {
  await using registry = await startRegistry({ data, args: plainArgs });
  const client = new Client(registry, seen);
  const problems = [...(await findDifferences(registry, seen)), ...(await findTorn(registry, scenario))];
  problems.push(...(await resumeUploads(registry, client, { seen, mayVanish })));
  await scenario.again(client);
  problems.push(...(await findDifferences(registry, seen)));
  problems.push(...findBrokenInvariants(data));
  if (registry.stderr() !== "") problems.push(registry.stderr());
  await registry.stop();
  return problems;
}

/** Names of which some are there, although all of them come and go at once. */
async function findTorn(registry: StartedRegistry, { together = [] }: Scenario): Promise<readonly string[]> {
  const statuses = new Map<number, string>();
  for (const tagName of together) {
    const [name, tag] = tagName.split(":");
    statuses.set((await registry.fetch(`/v2/${name}/manifests/${tag}`)).status, tagName);
  }
  return statuses.size > 1 ? [`not alike: ${[...statuses].join(" ")}`] : [];
}

/** The call without the paths of this run. */
export function shorten(call: string | undefined, data: string): string {
  return (call ?? "at the end")
    .replaceAll(join(data, "docker/registry/v2"), "")
    .replaceAll(data, "")
    .replace(/[0-9a-f]{60,}/g, "…")
    .slice(0, 300);
}
