// Nodes that push, prune and collect on one bucket of a real store while they are killed and frozen, also for longer than
// their deletions are good for: nothing that one of them promised is lost. RIG_KILLS makes it longer.
import { expect, test } from "bun:test";
import { environment } from "../../e2e/program.ts";
import { engines } from "./engines.ts";

const kills = Number(process.env.RIG_KILLS ?? 15);
/** How long deletions are good for here: short, so that many are frozen for longer. */
const seconds = 2;
const nodes = 3;

interface RigNode {
  readonly child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly said: Promise<string>;
}

function startNode(endpoint: URL, name: string): RigNode {
  const child = Bun.spawn(["bun", `${import.meta.dir}/rig-node.ts`, endpoint.href, name, String(seconds)], {
    env: environment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  return { child, said: child.stdout.text() };
}

test.each(engines)(
  "on %s nothing that a node promised is lost, however many are killed and frozen",
  async (_, start) => {
    await using store = await start();
    const running: RigNode[] = [];
    const said: Promise<string>[] = [];
    const begin = (index: number, count: number) => {
      const node = startNode(store.endpoint, `${index}-${count}`);
      running[index] = node;
      said.push(node.said);
    };
    for (let index = 0; index < nodes; index += 1) begin(index, 0);
    for (let count = 1; count <= kills; count += 1) {
      await Bun.sleep(200 + Math.random() * 800);
      const index = Math.floor(Math.random() * nodes);
      const child = running[index]?.child;
      if (Math.random() < 0.5) {
        child?.kill("SIGSTOP");
        await Bun.sleep(Math.random() * 2000 * seconds);
        child?.kill("SIGCONT");
        continue;
      }
      child?.kill("SIGKILL");
      await child?.exited;
      begin(index, count);
    }
    for (const { child } of running) {
      child.kill("SIGKILL");
      await child.exited;
    }
    const lines = (await Promise.all(said)).flatMap((text) => text.split("\n"));
    const removed = new Set(lines.filter((line) => line.startsWith("removed ")).map((line) => line.split(" ")[1]));
    const promised = lines.filter((line) => line.startsWith("promised ")).map((line) => line.split(" ").slice(1));
    const lost = lines.filter((line) => line.startsWith("lost "));
    for (const [revision = "", ...needed] of promised) {
      if (removed.has(revision)) continue;
      const keys = [revision, ...needed.flatMap((index) => [`links/${index}`, `blobs/${index}`])];
      for (const key of keys) if ((await store.objects.stat(key)) === undefined) lost.push(`${revision}: ${key}`);
    }
    const failures = lines.filter((line) => line.startsWith("failed "));
    console.log(
      `${promised.length} promises, ${removed.size} removals, ${failures.length} refusals; ${kills} kills and freezes`,
    );
    expect([lost, promised.length > 0]).toEqual([[], true]);
  },
  3_600_000,
);
