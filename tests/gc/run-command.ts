// Commands of the built executable that work on a store, and what they say as JSON.
import { executable } from "../e2e/executable.ts";
import { environment } from "../e2e/program.ts";

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stderr: string;
  /** Everything that it told, the summary at last. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly summary: Readonly<Record<string, number>>;
}

/** Runs `registry gc` or `registry verify` with --json. */
export async function runOn(data: string, ...words: readonly string[]): Promise<Ended> {
  const child = Bun.spawn([executable, ...words, "--data", data, "--json"], {
    env: environment({}),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, stderr, events, summary: (events.at(-1) ?? {}) as Record<string, number> };
}

/** The findings among what a command told: what is wrong with what. */
export function findingsOf({ events }: Ended): readonly string[] {
  return events.flatMap(({ kind, severity, subject, problem }) =>
    kind === "finding" ? [`${severity ?? "gc"}: ${subject ?? ""} ${problem}`] : [],
  );
}
