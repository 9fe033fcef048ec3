// Other programs that end-to-end tests use: whether they are there, and what they print.
import { homedir, userInfo } from "node:os";
import { join } from "node:path";

/** What a program did. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run. */
export interface RunOptions {
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** A network namespace. */
  readonly namespace?: string;
  /** Its end in any case. */
  readonly timeoutMs?: number;
}

/** Where .ci/run puts the programs that it builds with go install, each of a pinned version. */
const toolsDirectory = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "registry-tools/bin");

/** Whether mounts, namespaces and other users can be made. */
export const isRoot = userInfo().uid === 0;

/**
 * Whether a program is there. Where it is missing, its tests are skipped and the Debian package that brings it is
 * named; where CI=true, nothing may be skipped.
 */
export function requireProgram(name: string, debianPackage: string): boolean {
  if (Bun.which(name, { PATH: searchPath() }) !== null) return true;
  return missing(`${name} is missing: apt-get install ${debianPackage}`);
}

/** Whether a program that .ci/run builds is there, on the same terms. */
export function requireGoProgram(name: string): boolean {
  if (Bun.which(name, { PATH: searchPath() }) !== null) return true;
  return missing(`${name} is missing: .ci/run builds it with go install`);
}

/** Whether the tests run as root, on the same terms. */
export function requireRoot(): boolean {
  return isRoot || missing("these tests make mounts, namespaces or users, and so need root");
}

/** Says why tests are skipped; throws where CI=true. */
export function missing(reason: string): false {
  if (process.env.CI === "true") throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  return false;
}

/** Runs a program to its end. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = Bun.spawn(inNamespace(command, options.namespace), {
    env: environment(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: options.timeoutMs ?? 300_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}

/** Runs a program that has to succeed; its standard output. */
export async function must(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** The command, put into a network namespace where one is named; the process stays the same one. */
export function inNamespace(command: readonly string[], namespace: string | undefined): string[] {
  // Not "ip netns exec", which hides the control groups that a docker engine needs.
  return namespace === undefined ? [...command] : ["nsenter", `--net=/run/netns/${namespace}`, ...command];
}

/** This process's environment without what would configure a registry, and with the directories of other programs. */
export function environment(changes: RunOptions["env"] = {}): Record<string, string> {
  const merged: Record<string, string | undefined> = { ...process.env, PATH: searchPath(), ...changes };
  return Object.fromEntries(
    Object.entries(merged).flatMap(([name, value]) =>
      value === undefined || (name.startsWith("REGISTRY_") && !(name in changes)) ? [] : [[name, value] as const],
    ),
  );
}

/** For what others have to do before a test begins, such as the start of an engine: a machine that is busy takes its time. */
export const readyMs = 180_000;

/** Asks again and again until the answer is neither undefined nor false; throws at the deadline. */
export async function waitUntil<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  { deadlineMs = 30_000 }: { readonly deadlineMs?: number } = {},
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > endMs) throw new Error(`${what}: not after ${deadlineMs} ms`);
    await Bun.sleep(20);
  }
}

function searchPath(): string {
  return `${toolsDirectory}:${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;
}
