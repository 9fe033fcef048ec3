// Other processes for the tests of storage: scripts that use the sources, told to stop or killed by the test.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";

/** A process that runs a script. */
export interface Child extends AsyncDisposable {
  /** Waits for a line that the script prints. */
  line(): Promise<string>;
  /** Ends it as a crash does, and waits for its end. */
  kill(): Promise<void>;
}

/** The import of a source file, for a script. */
export function importFrom(names: string, path: string): string {
  return `import { ${names} } from ${JSON.stringify(join(import.meta.dir, "../../src", path))};\n`;
}

/** Starts a script; `around` is a command that runs another one. */
export function startChild(script: string, around: readonly string[] = []): Child {
  const directory = temporaryDirectory();
  const path = join(directory.path, "script.ts");
  writeFileSync(path, script);
  const child = Bun.spawn([...around, process.execPath, path], { stdout: "pipe", stderr: "inherit", stdin: "ignore" });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const kill = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return {
    line: async () => {
      while (!text.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the script ended without a line: ${text}`);
        text += value;
      }
      const end = text.indexOf("\n");
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      return line;
    },
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill();
      directory[Symbol.dispose]();
    },
  };
}

/** Runs a script to its end; what it printed, parsed. */
export async function runScript(script: string, around: readonly string[] = []): Promise<unknown> {
  await using child = startChild(script, around);
  return JSON.parse(await child.line());
}

/** A command that runs another one in a mount namespace, after the mounts that a shell makes there. Needs root. */
export function afterMounts(commands: string): readonly string[] {
  return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", `${commands}\nexec "$@"`, "sh"];
}
