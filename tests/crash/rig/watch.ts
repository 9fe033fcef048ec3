// The watcher: others who ask for small things are never kept waiting, whatever clients, collectors and faults do.
import { join } from "node:path";
import type { StartedRegistry } from "../../e2e/executable.ts";
import { environment } from "../../e2e/program.ts";
import type { Sample } from "./latency.ts";
import type { RoundPlan } from "./plan.ts";
import type { Tally } from "./tally.ts";

/** The longest that a request may take, but for the disk's own time and for what others on the machine take. */
const patienceMs = 250;

/** The servers that nothing holds up on purpose. The probe of the disk syncs, which would save what a power cut takes. */
export function watchable(plan: RoundPlan, servers: readonly StartedRegistry[]): readonly StartedRegistry[] {
  if (plan.fault.kind === "power") return [];
  return ["call", "freeze", "dawdle", "error"].includes(plan.fault.kind) ? servers.slice(1) : servers;
}

/** Watches one server until it dies. */
export async function watch(
  { url, pid, data }: StartedRegistry,
  { tally, report }: { readonly tally: Tally; readonly report: (problem: string) => void },
): Promise<void> {
  const program = [process.execPath, join(import.meta.dir, "bystander.ts")];
  const child = Bun.spawn([...program, url.replace(/\/$/, ""), String(pid), join(data, "../probe")], {
    env: environment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await child.stdout.text();
  await child.exited;
  const samples = JSON.parse(output === "" ? "[]" : output) as readonly Sample[];
  tally.countSamples(samples);
  for (const { path, ms, ...rest } of samples) {
    if (ms > patienceMs) report(`deaf: GET ${path} took ${Math.round(ms)} ms: ${JSON.stringify(rest)}`);
  }
}
