// A running program that stands still after each of its file system calls, until it is told to go on: strace sends it
// SIGSTOP on the way out of the call. While it stands, it can be killed, or another process can act.
import { environment, waitUntil } from "../e2e/program.ts";

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
  const strace = ["strace", "-f", "-y", "-s", "64", "-p", String(pid), "-e", `trace=${calls}`];
  const trace = new Trace(pid, [...strace, `--inject=${calls}:signal=STOP`]);
  await trace.attached();
  return trace;
}

/** Attaches to a program and only watches. */
export async function watch(pid: number, calls: string): Promise<Stepper> {
  const trace = new Trace(pid, ["strace", "-f", "-y", "-s", "64", "-p", String(pid), "-e", `trace=${calls}`]);
  await trace.attached();
  return trace;
}

interface Wish {
  readonly isWanted: (call: string) => boolean;
  readonly resolve: (call: string | undefined) => void;
}

class Trace implements Stepper {
  readonly calls: string[] = [];
  readonly #pid: number;
  readonly #strace: Bun.Subprocess<"ignore", "ignore", "pipe">;
  readonly #reading: Promise<void>;
  #text = "";
  /** Beginnings of calls that another thread's line interrupted, and the last whole call, by thread. */
  readonly #begun = new Map<string, string>();
  readonly #last = new Map<string, string>();
  /** The thread that strace sent the signal to last; a stop before that is not of its doing. */
  #signalled = "none";
  #wish: Wish | undefined;
  #isStopped = false;

  constructor(pid: number, command: string[]) {
    this.#pid = pid;
    this.#strace = Bun.spawn(command, { env: environment(), stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    this.#reading = this.#read();
  }

  async attached(): Promise<void> {
    await waitUntil(`strace holds ${this.#pid}`, () => {
      if (this.#strace.exitCode !== null) throw new Error(`strace ended with ${this.#strace.exitCode}\n${this.#text}`);
      return this.#text.includes(" attached");
    });
  }

  async stopAfter(isWanted: (call: string) => boolean, end?: Promise<unknown>): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#wish = { isWanted, resolve };
    if (this.#isStopped) this.#continue();
    const over = () => {
      if (this.#wish?.resolve === resolve) this.#wish = undefined;
      resolve(undefined);
    };
    end?.then(over, over);
    return await promise;
  }

  release(): void {
    this.#wish = undefined;
    if (this.#isStopped) this.#continue();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    this.#strace.kill("SIGINT");
    await this.#strace.exited;
    await this.#reading;
  }

  #continue(): void {
    this.#isStopped = false;
    try {
      process.kill(this.#pid, "SIGCONT");
    } catch {
      // It was killed meanwhile.
    }
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.#strace.stderr) {
      const text = decoder.decode(chunk, { stream: true });
      this.#text += text;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
    }
    this.#wish?.resolve(undefined);
  }

  #take(line: string): void {
    // While it has one thread, lines do not name it.
    const alone = [undefined, String(this.#pid), line];
    const [, thread = "", text = ""] = /^\[pid +(\d+)\] (.*)$/.exec(line) ?? alone;
    if (text.startsWith("--- SIGSTOP ")) this.#signalled = thread;
    else if (text === "--- stopped by SIGSTOP ---") this.#stopped(thread);
    else if (text.endsWith(" <unfinished ...>")) this.#begun.set(thread, text.slice(0, -" <unfinished ...>".length));
    else if (!text.startsWith("---") && text.includes(" = ")) {
      const end = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
      const call = end === undefined ? text : `${this.#begun.get(thread) ?? ""}${end}`;
      this.#last.set(thread, call);
      this.calls.push(call);
    }
  }

  /** Only when strace has seen the stop of the thread that called is it safe to go on: a signal sent before is lost. */
  #stopped(thread: string): void {
    if (thread !== this.#signalled) return;
    this.#isStopped = true;
    const call = this.#last.get(thread) ?? "";
    const wish = this.#wish;
    if (wish?.isWanted(call) === true) {
      this.#wish = undefined;
      wish.resolve(call);
    } else this.#continue();
  }
}
