// `registry gc` as a process that can be made to stand still in the middle of its work.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { GcSummary } from "../../src/registry/gc/report.ts";
import { executable } from "../e2e/executable.ts";
import { environment, type Outcome, run, waitUntil } from "../e2e/program.ts";
import { changingCalls, stepThrough } from "./stepper.ts";

/** What of a collection differs from the plainest one, which leaves nothing alone. */
export interface CollectionOptions {
  readonly grace?: string;
  readonly deletesUntagged?: boolean;
}

/** What a collection came to. */
export interface Collection {
  readonly code: number;
  readonly stderr: string;
  /** Undefined where it did not come to its end. */
  readonly summary: GcSummary | undefined;
}

function command(data: string, { grace = "0s", deletesUntagged = false }: CollectionOptions): readonly string[] {
  const untagged = deletesUntagged ? ["--delete-untagged"] : [];
  return [executable, "gc", "--data", data, "--grace", grace, "--json", ...untagged];
}

/** Collects from the beginning to the end. */
export async function collect(data: string, options: CollectionOptions = {}): Promise<Collection> {
  return describe(await run(command(data, options)));
}

/** Takes away the file that keeps a second collector out: another one that begins now is not kept out. */
export function removeCollectorsLock(data: string): void {
  rmSync(join(data, "gc/lock"));
}

/** A collection that stands still. */
export interface StandingCollector extends AsyncDisposable {
  readonly pid: number;
  /** Lets it go on to its end. */
  goOn(): Promise<Collection>;
  kill(): Promise<void>;
}

/** Begins to collect; returns when the collector stands still after the call. */
export async function collectUntil(
  data: string,
  { isPoint, calls = "", ...options }: CollectionOptions & { readonly isPoint: RegExp; readonly calls?: string },
): Promise<StandingCollector> {
  // The shell waits until it is traced, and then becomes the collector.
  const child = Bun.spawn(["sh", "-c", 'kill -STOP $$; exec "$@"', "sh", ...command(data, options)], {
    env: environment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const ended = Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  await waitUntil("it stands still", async () => (await stateOf(child.pid)) === "T");
  const stepper = await stepThrough(child.pid, calls === "" ? changingCalls : `${changingCalls},${calls}`);
  const stopping = stepper.stopAfter((call) => isPoint.test(call), ended);
  process.kill(child.pid, "SIGCONT");
  if ((await stopping) === undefined) {
    const [stdout, stderr] = await ended;
    await stepper[Symbol.asyncDispose]();
    throw new Error(`${isPoint} was never called\n${stdout}${stderr}\n${stepper.calls.join("\n")}`);
  }
  // The tracer has to see the end of what it traces before it may be ended itself.
  const kill = async () => {
    child.kill("SIGKILL");
    await child.exited;
    await stepper[Symbol.asyncDispose]();
  };
  return {
    pid: child.pid,
    kill,
    goOn: async () => {
      await stepper[Symbol.asyncDispose]();
      const [stdout, stderr, code] = await ended;
      return describe({ stdout, stderr, code });
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** The state of a process as the kernel names it; T stands still. */
async function stateOf(pid: number): Promise<string | undefined> {
  return /^State:\s+(\w)/m.exec(await Bun.file(`/proc/${pid}/status`).text())?.[1];
}

function describe({ code, stdout, stderr }: Outcome): Collection {
  const line = stdout.split("\n").findLast((text) => text.startsWith('{"kind":"summary"'));
  return { code, stderr, summary: line === undefined ? undefined : (JSON.parse(line) as GcSummary) };
}
