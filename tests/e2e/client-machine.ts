// A machine to change: the real one, with directories of its system laid under a layer that is thrown away.
import { temporaryDirectory } from "../temporary-directory.ts";
import { environment, type Outcome, type RunOptions, run } from "./program.ts";

/** The machine; disposal takes back everything that was changed below the directories. */
export interface ClientMachine extends AsyncDisposable {
  /** Runs a command on it. */
  run(command: readonly string[], options?: RunOptions): Promise<Outcome>;
}

/** Its first process holds the mount namespace, and says when everything is in place. */
const prepare = `
  set -e
  scratch=$1
  shift
  mount -t tmpfs tmpfs "$scratch"
  for place in "$@"; do
    mkdir -p "$scratch$place/upper" "$scratch$place/work"
    mount -t overlay -o "lowerdir=$place,upperdir=$scratch$place/upper,workdir=$scratch$place/work" overlay "$place"
  done
  echo ready
  exec sleep infinity
`;

/** Makes the machine, on which the directories can be changed. Needs root. */
export async function makeClientMachine(...directories: readonly string[]): Promise<ClientMachine> {
  const scratch = temporaryDirectory();
  const child = Bun.spawn(["unshare", "--mount", "sh", "-c", prepare, "sh", scratch.path, ...directories], {
    env: environment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const dispose = async () => {
    child.kill("SIGKILL");
    await child.exited;
    scratch[Symbol.dispose]();
  };
  const { value } = await child.stdout.getReader().read();
  if (value === undefined) {
    await dispose();
    throw new Error("the machine was not made");
  }
  return {
    run: (command, options) => run(["nsenter", `--target=${child.pid}`, "--mount", ...command], options),
    [Symbol.asyncDispose]: dispose,
  };
}
