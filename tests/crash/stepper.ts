// A running program that stands still after each of its file system calls, until it is told to go on: strace sends it
// SIGSTOP on the way out of the call. While it stands, it can be killed, or another process can act.
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { environment, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Calls that change what is on the disk. `openat` and `write` are left out: they are the program's own business too. */
export const changingCalls =
  "mkdir,writev,pwritev,pwrite64,fsync,rename,unlink,unlinkat,rmdir,link,utimensat,ftruncate";

/** A program under strace. Disposal lets it go. */
export interface Stepper extends AsyncDisposable {
  /**
   * Lets the program go on until it stands still after a call that is wanted; the call as strace prints it. Undefined
   * when `end` settled before.
   */
  stopAfter(isWanted: (call: string) => boolean, end?: Promise<unknown>): Promise<string | undefined>;
  /** Lets the program go on without another stop. */
  release(): void;
  /** Every call so far that was traced. */
  readonly calls: readonly string[];
}

/** Attaches to a program with all its threads. It does not stop before `stopAfter` is asked for. */
export async function stepThrough(pid: number, calls: string = changingCalls): Promise<Stepper> {
  const trace = new Trace(pid, [`trace=${calls}`, `inject=${calls}:signal=STOP`]);
  await trace.attached();
  return trace;
}

/** Attaches to a program and only watches. */
export async function watch(pid: number, calls: string): Promise<Stepper> {
  const trace = new Trace(pid, [`trace=${calls}`]);
  await trace.attached();
  return trace;
}

interface Wish {
  readonly isWanted: (call: string) => boolean;
  readonly resolve: (call: string | undefined) => void;
}

const pollMs = 1;

/**
 * Several threads may be in calls at the same time, and each is sent the signal; a SIGCONT too many would let the
 * program run past the call that was waited for. So it is only sent when every thread stands still and strace sleeps,
 * having written down everything.
 */
class Trace implements Stepper {
  readonly calls: string[] = [];
  readonly #pid: number;
  readonly #isStopping: boolean;
  readonly #strace: Bun.Subprocess<"ignore", "ignore", "pipe">;
  readonly #directory = temporaryDirectory();
  readonly #log: number;
  readonly #pumping: Promise<void>;
  #messages = "";
  #isOver = false;
  #ending: Promise<void> | undefined;
  #rest = "";
  /** Beginnings of calls that another thread's line interrupted, by thread. */
  readonly #begun = new Map<string, string>();
  /** How many of the calls were shown to a wish, or passed without one. */
  #judged = 0;
  /** Whether strace sent its signal since the program went on. */
  #isSignalled = false;
  #wish: Wish | undefined;
  /** Set while the program stands still for whoever waited for it. */
  #release: (() => void) | undefined;

  constructor(pid: number, expressions: readonly string[]) {
    this.#pid = pid;
    this.#isStopping = expressions.some((expression) => expression.startsWith("inject="));
    const file = join(this.#directory.path, "trace");
    closeSync(openSync(file, "w"));
    this.#log = openSync(file, "r");
    const options = expressions.flatMap((expression) => ["-e", expression]);
    this.#strace = Bun.spawn(["strace", "-f", "-y", "-s", "64", "-o", file, "-p", String(pid), ...options], {
      env: environment(),
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    void this.#collectMessages();
    void this.#strace.exited.then(() => {
      this.#isOver = true;
    });
    this.#pumping = this.#pump();
  }

  async attached(): Promise<void> {
    await waitUntil(`strace holds ${this.#pid}`, () => {
      if (this.#isOver) throw new Error(`strace ended\n${this.#messages}`);
      return this.#messages.includes(" attached");
    });
  }

  async stopAfter(isWanted: (call: string) => boolean, end?: Promise<unknown>): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#wish = { isWanted, resolve };
    this.#release?.();
    const over = () => {
      if (this.#wish?.resolve === resolve) this.#wish = undefined;
      resolve(undefined);
    };
    end?.then(over, over);
    return await promise;
  }

  release(): void {
    this.#wish = undefined;
    this.#release?.();
  }

  /** May be asked for more than once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending ??= this.#end();
    await this.#ending;
  }

  async #end(): Promise<void> {
    this.release();
    this.#strace.kill("SIGINT");
    await this.#strace.exited;
    await this.#pumping;
    // A stop that strace had begun outlives it.
    if (this.#isStopping) this.#goOn();
    closeSync(this.#log);
    this.#directory[Symbol.dispose]();
  }

  async #collectMessages(): Promise<void> {
    for await (const chunk of this.#strace.stderr) this.#messages += new TextDecoder().decode(chunk);
  }

  async #pump(): Promise<void> {
    while (!this.#isOver) {
      this.#readLog();
      if (this.#isSignalled && this.#isStandingStill()) {
        this.#readLog();
        await this.#judge();
        this.#goOn();
      } else await Bun.sleep(pollMs);
    }
    this.#wish?.resolve(undefined);
  }

  #goOn(): void {
    this.#isSignalled = false;
    try {
      process.kill(this.#pid, "SIGCONT");
    } catch {
      // It was killed meanwhile.
    }
  }

  /** Shows the calls since the last stop to who waits; where one is wanted, the program stands until it is released. */
  async #judge(): Promise<void> {
    const wish = this.#wish;
    const call = wish === undefined ? undefined : this.calls.slice(this.#judged).find(wish.isWanted);
    this.#judged = this.calls.length;
    if (wish === undefined || call === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#release = resolve;
    this.#wish = undefined;
    wish.resolve(call);
    await promise;
    this.#release = undefined;
  }

  #isStandingStill(): boolean {
    const isStill = () => statesOf(this.#pid).every((state) => state === "t" || state === "T");
    return isStill() && statesOf(this.#strace.pid).every((state) => state === "S") && isStill();
  }

  #readLog(): void {
    const buffer = new Uint8Array(65_536);
    for (let count = 1; count > 0; ) {
      count = readSync(this.#log, buffer);
      this.#rest += new TextDecoder().decode(buffer.subarray(0, count));
    }
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
  }

  #take(line: string): void {
    const [, thread = "", text = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (text.startsWith("--- SIGSTOP ")) this.#isSignalled = true;
    else if (text.endsWith(" <unfinished ...>")) this.#begun.set(thread, text.slice(0, -" <unfinished ...>".length));
    else if (!text.startsWith("---") && text.includes(" = ")) {
      const end = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
      this.calls.push(end === undefined ? text : `${this.#begun.get(thread) ?? ""}${end}`);
    }
  }
}

/** What the threads of a process do, as /proc tells it; none where it is gone. */
function statesOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
      return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
    });
  } catch {
    return ["gone"];
  }
}
