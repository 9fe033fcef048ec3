// A local user without rights who takes every lock that he can open: he gets none, and so holds nobody up.
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environment } from "../../e2e/program.ts";
import { pause } from "./pause.ts";
import type { Tally } from "./tally.ts";

/** Opens each file as flock needs it and holds the lock for a moment; prints which it got. */
const attempt = 'for file; do { flock --nonblock 9 && echo "$file" && sleep 0.1; } 9<"$file"; done';
const become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
/** Where others keep locks. */
function listLockable(data: string): readonly string[] {
  const places = ["locks", "gc", "proxy"].map((name) => join(data, name));
  return places.flatMap((place) => {
    try {
      return readdirSync(place).map((name) => join(place, name));
    } catch {
      return [];
    }
  });
}

/** Tries again and again until `isOver`. */
export async function grabOnAndOn(
  data: string,
  {
    isOver,
    tally,
    report,
  }: { readonly isOver: () => boolean; readonly tally: Tally; readonly report: (problem: string) => void },
): Promise<void> {
  // He can reach the data, as on a machine where it lies in /var/lib.
  for (const place of [data, dirname(data), dirname(dirname(data))]) chmodSync(place, 0o755);
  // A file that he does get shows that he tries.
  const bait = join(dirname(data), "bait");
  writeFileSync(bait, "");
  while (!isOver()) {
    const files = listLockable(data);
    const command = [...become, "sh", "-c", attempt, "sh", bait, ...files];
    const child = Bun.spawn(command, { env: environment(), stdin: "ignore", stdout: "pipe", stderr: "ignore" });
    const got = (await child.stdout.text()).split("\n").filter((line) => line !== "");
    tally.count("locks that a local user tried", files.length);
    if (!got.includes(bait)) report(`the local user did not even get ${bait}`);
    for (const file of got) if (file !== bait) report(`a local user held ${file}`);
    await pause(50, isOver);
  }
}
