// What tests of workers look at: the processes of a registry, and which of them answers.
import { readdirSync, readFileSync } from "node:fs";
import { type StartedRegistry, type StartOptions, startRegistry } from "./executable.ts";
import { waitUntil } from "./program.ts";

/** A registry with two workers over plain HTTP, both of which serve. */
export async function startWithWorkers(options: StartOptions = {}): Promise<StartedRegistry> {
  const args = ["--http", "--workers", "2", ...(options.args ?? [])];
  const registry = await startRegistry({ ...options, args });
  await waitUntil("both workers answer", () => answersOfBoth(registry));
  return registry;
}

/** The process identifiers of the workers. */
export function workersOf({ pid }: Pick<StartedRegistry, "pid">): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => parentOf(each) === pid && isRunning(each));
}

/** Whether there is such a process, which is more than an entry that nobody has waited for. */
export function isRunning(pid: number): boolean {
  return ![undefined, "Z", "X"].includes(stateOf(pid));
}

/** The state of a process, such as S or T; undefined where there is none. */
export function stateOf(pid: number): string | undefined {
  return fieldsOf(pid)?.[0];
}

function parentOf(pid: number): number {
  return Number(fieldsOf(pid)?.[1]);
}

/** After the name, which is in parentheses and may hold any. */
function fieldsOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Asks on a connection of its own, so that any of the workers may answer. */
export function askAnew(registry: StartedRegistry, path: string, init: RequestInit = {}): Promise<Response> {
  return registry.fetch(path, { ...init, keepalive: false });
}

/** Asks until both workers have answered, and gives their statuses by worker; undefined where that takes too many tries. */
export async function answersOfBoth(
  registry: StartedRegistry,
  path = "/v2/",
  init: RequestInit = {},
): Promise<Readonly<Record<string, number>> | undefined> {
  const byId = new Map<string, number>();
  for (let tries = 0; tries < 40; tries += 1) {
    const id = `${tries}-${crypto.randomUUID()}`;
    const headers = { ...(init.headers as Record<string, string>), "X-Request-Id": id };
    const answer = await askAnew(registry, path, { ...init, headers });
    await answer.arrayBuffer();
    byId.set(answer.headers.get("x-request-id") ?? id, answer.status);
    const answers = await waitUntil("the line of the log is there", () => workersIn(registry.stderr(), byId));
    if (Object.keys(answers).length === 2) return answers;
  }
  return undefined;
}

/** Of requests with these identifiers: which worker answered how. */
function workersIn(log: string, byId: ReadonlyMap<string, number>): Readonly<Record<string, number>> | undefined {
  const found = [...byId].map(([id, status]) => {
    const worker = log
      .split("\n")
      .flatMap((line) => (line.includes(id) ? (/ worker=(\d)/.exec(line)?.[1] ?? []) : []))[0];
    return worker === undefined ? undefined : ([worker, status] as const);
  });
  const known = found.filter((each) => each !== undefined);
  return known.length === byId.size ? Object.fromEntries(known) : undefined;
}
