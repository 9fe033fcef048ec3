// How many calls may wait for the disk at once. Bun does them on as many threads as there are cores, as if they were work for
// a processor; on two cores a third file that is to be synced waits for the first two, and so does everybody behind it.
import { bindLibc } from "./libc.ts";

/** A thread that waits costs some kilobytes, and none is begun before it is needed. */
const diskThreads = "16";
/** Both of them set the number; an operator's word counts. */
const variables: readonly string[] = ["UV_THREADPOOL_SIZE", "GOMAXPROCS"];

/** Lets this process have them. Counts if nothing was done on another thread before; the system's variables are asked then. */
export function allowDiskThreads(env: Readonly<Record<string, string | undefined>>): void {
  if (variables.some((name) => env[name] !== undefined)) return;
  const [name = ""] = variables;
  bindLibc("setenv", ["ptr", "ptr", "i32"])?.(Buffer.from(`${name}\0`), Buffer.from(`${diskThreads}\0`), 0);
}
