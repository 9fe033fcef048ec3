// A copy of the working tree in which tests run on changed sources.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyMutant, type Mutant } from "./mutations.ts";

export const root = join(import.meta.dir, "../../..");

/** How a run of tests ended. A mistake that makes them hang is noticed. */
export type Outcome = "passed" | "failed" | "hung";

/** Every file of the working tree that git knows or would take. */
export function listFiles(): readonly string[] {
  const { stdout } = Bun.spawnSync(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  return stdout
    .toString()
    .split("\0")
    .filter((path) => path !== "" && Bun.file(join(root, path)).size > 0);
}

export class Sandbox implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "mutants-"));
  readonly #tree = join(this.#directory, "tree");
  readonly #temporary = join(this.#directory, "t");

  constructor(files: readonly string[]) {
    // Some tests become another user.
    chmodSync(this.#directory, 0o755);
    for (const path of files) cpSync(join(root, path), join(this.#tree, path));
    symlinkSync(join(root, "node_modules"), join(this.#tree, "node_modules"));
    // The thresholds for coverage are about the whole run.
    writeFileSync(join(this.#tree, "bunfig.toml"), '[test]\nroot = "tests"\ncoverageSkipTestFiles = true\n');
  }

  /** Runs tests while the mistake is in its file. */
  async try(mutant: Mutant, tests: readonly string[], limitMs: number): Promise<Outcome> {
    const path = join(this.#tree, mutant.path);
    const source = readFileSync(path, "utf8");
    writeFileSync(path, applyMutant(source, mutant));
    try {
      return await this.run(["--bail", ...tests.map((test) => `./${test}`)], limitMs);
    } finally {
      writeFileSync(path, source);
    }
  }

  /** `bun test` with these words. What it leaves behind, processes and files, goes when it ends. */
  async run(words: readonly string[], limitMs: number): Promise<Outcome> {
    mkdirSync(this.#temporary);
    const child = Bun.spawn([process.execPath, "test", "--timeout", "10000", ...words], {
      cwd: this.#tree,
      env: { ...process.env, TMPDIR: this.#temporary },
      stdio: ["ignore", "ignore", "ignore"],
      detached: true,
    });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      endGroup(child.pid);
    }, limitMs);
    const code = await child.exited;
    clearTimeout(timer);
    endGroup(child.pid);
    rmSync(this.#temporary, { recursive: true, force: true });
    return isLate ? "hung" : code === 0 ? "passed" : "failed";
  }

  /** Which lines of which sources one file of tests runs, as lcov text; undefined where it does not pass. */
  async cover(test: string): Promise<string | undefined> {
    const directory = join(this.#directory, "coverage");
    rmSync(directory, { recursive: true, force: true });
    const words = ["--coverage", "--coverage-reporter=lcov", `--coverage-dir=${directory}`];
    const outcome = await this.run([...words, `./${test}`], 120_000);
    if (outcome !== "passed") return undefined;
    // A test that runs nothing of the sources, but only in other processes, makes no report.
    const report = join(directory, "lcov.info");
    return existsSync(report) ? readFileSync(report, "utf8") : "";
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The tests' own children are in the group too. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // They have all ended.
  }
}

/** Does each piece of work in one of as many copies, and removes these at the end. */
export async function inSandboxes<Work>(
  jobs: number,
  pieces: readonly Work[],
  work: (sandbox: Sandbox, piece: Work) => Promise<void>,
): Promise<void> {
  const files = listFiles();
  const queue = pieces.values();
  await Promise.all(
    Array.from({ length: Math.min(jobs, pieces.length) }, async () => {
      using sandbox = new Sandbox(files);
      for (const piece of queue) await work(sandbox, piece);
    }),
  );
}
