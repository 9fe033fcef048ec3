// The program that puts load on servers, bench/load: built once, started once, given one job after the other.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where it is built, beside the other tools, as .ci/run does with what it builds. */
const toolsDirectory = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "registry-tools/bin");

/** What is to be done, without the server; bench/load/job.go tells what each field means. */
export interface Job {
  readonly kind: "requests" | "pages" | "pushBlobs" | "pushImages" | "mixed";
  readonly connections: number;
  readonly method?: "GET" | "HEAD";
  readonly targets?: readonly string[];
  readonly groupSize?: number;
  readonly count?: number;
  readonly forMs?: number;
  readonly repository?: string;
  readonly spread?: boolean;
  readonly seed?: string;
  readonly sizeBytes?: number;
  readonly blobSizes?: readonly number[];
  readonly chunked?: boolean;
  readonly pulls?: readonly string[];
  readonly pushes?: number;
  readonly everyMs?: number;
}

/** What it came to. */
export interface Done {
  readonly wallMs: number;
  readonly requests: number;
  /** Groups of requests, pages, blobs or images that were finished. */
  readonly units: number;
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Processor time of the client. */
  readonly clientMs: number;
}

/** How an image that a job pushes is asked for. */
export interface Described {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly blobs: readonly string[];
}

/** A server to put load on. */
export interface Target {
  readonly url: string;
  /** The file with the authority of its certificate. */
  readonly ca: string;
}

/** Builds the program, unless one of the same sources is there; its path. */
export function buildLoad(): string {
  const sources = join(import.meta.dir, "load");
  const hash = new Bun.CryptoHasher("sha256");
  for (const name of readdirSync(sources).sort()) hash.update(readFileSync(join(sources, name)));
  const path = join(toolsDirectory, `bench-load-${hash.digest("hex").slice(0, 12)}`);
  if (Bun.which(path) !== null) return path;
  if (Bun.which("go") === null)
    throw new Error("the benchmark's client is written in Go, and go is missing: https://go.dev/dl/");
  mkdirSync(toolsDirectory, { recursive: true });
  const built = Bun.spawnSync(["go", "build", "-o", path, "."], { cwd: sources, stderr: "inherit" });
  if (!built.success) throw new Error("bench/load could not be built");
  return path;
}

/** The running program. */
export class Load implements AsyncDisposable {
  readonly #child = Bun.spawn([buildLoad()], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  readonly #reader = this.#child.stdout.getReader();
  readonly #decoder = new TextDecoder();
  #text = "";
  #isStopped = false;

  /** Does one job against one server; jobs never overlap. */
  async run(job: Job, { url, ca }: Target): Promise<Done> {
    return await this.#ask<Done>({ ...job, url, ca });
  }

  /** The images that a job of the kind pushImages stores. */
  async describeImages(job: Job): Promise<readonly Described[]> {
    return (await this.#describe(job)).images;
  }

  /** The digests of the blobs that a job of the kind pushBlobs stores. */
  async describeBlobs(job: Job): Promise<readonly string[]> {
    return (await this.#describe(job)).blobs;
  }

  #describe(job: Job) {
    const asked = { ...job, kind: "describe" };
    return this.#ask<{ readonly images: readonly Described[]; readonly blobs: readonly string[] }>(asked);
  }

  async #ask<T>(job: object): Promise<T> {
    this.throwIfStopped();
    this.#child.stdin.write(`${JSON.stringify(job)}\n`);
    await this.#child.stdin.flush();
    const answer = JSON.parse(await this.#line());
    if (typeof answer.error === "string") throw new Error(answer.error);
    return answer;
  }

  async #line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(this.#isStopped ? "interrupted" : "the load program ended");
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  /** Ends the program in the middle of its job, which fails then: so the run ends, and everything that it began. */
  stop(): void {
    this.#isStopped = true;
    this.#child.kill();
  }

  /** For work between jobs, and without any. */
  throwIfStopped(): void {
    if (this.#isStopped) throw new Error("interrupted");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.end();
    await this.#child.exited;
  }
}
