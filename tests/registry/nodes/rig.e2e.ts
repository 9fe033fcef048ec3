// Registries on one bucket of a real store that push, delete and collect while they are killed, frozen for longer than what
// they send is good for, and cut off from the store, which is killed, too: nothing that one of them acknowledged is lost.
// RIG_KILLS=1000 makes it longer; RIG_FLAW="nobody lists notices" leaves a rule out (flaws.ts), and something is lost.
import { expect, test } from "bun:test";
import { environment } from "../../e2e/program.ts";
import { engines, type RealEngine } from "../../storage/s3/engines.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { type CutLine, openCutLine } from "./cut-line.ts";
import { lostOf, rigTiming } from "./rig-images.ts";

const kills = Number(process.env.RIG_KILLS ?? 10);
/** Three that push and delete, and one that collects. */
const roles = ["registry", "registry", "registry", "collector"] as const;
/** Sometimes short enough to be in time, sometimes not. */
const longestFreezesMs = [1000, 3000 * rigTiming.changeSeconds] as const;

interface RigNode {
  readonly child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly said: Promise<string>;
}

function startNode(
  line: CutLine,
  { name, scratch, role }: { readonly name: string; readonly scratch: string; readonly role: string },
): RigNode {
  const child = Bun.spawn(["bun", `${import.meta.dir}/rig-node.ts`, line.endpoint.href, name, scratch, role], {
    env: environment(process.env.RIG_FLAW === undefined ? {} : { RIG_FLAW: process.env.RIG_FLAW }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  return { child, said: child.stdout.text() };
}

const misfortunes = ["kill", "kill", "freeze", "freeze", "cut", "engine"] as const;

/** What happens to whom, until it has happened often enough; everything that was said. */
async function play(store: RealEngine, scratch: string): Promise<readonly string[]> {
  using lines = new DisposableStack();
  const running = roles.map((role, index) => {
    const line = lines.use(openCutLine(store.endpoint));
    return { role, line, node: startNode(line, { name: `n${index}-0`, scratch, role }) };
  });
  const said = running.map(({ node }) => node.said);
  for (let count = 1; count <= kills; count += 1) {
    await Bun.sleep(200 + Math.random() * 1000);
    const index = Math.floor(Math.random() * roles.length);
    const victim = running[index];
    const misfortune = misfortunes[Math.floor(Math.random() * misfortunes.length)];
    if (victim === undefined) continue;
    const { child } = victim.node;
    switch (misfortune) {
      case "freeze":
        child.kill("SIGSTOP");
        await Bun.sleep(Math.random() * (longestFreezesMs[count % 2] ?? 0));
        child.kill("SIGCONT");
        break;
      case "cut":
        victim.line.cut();
        await Bun.sleep(Math.random() * 3000);
        victim.line.mend();
        break;
      case "engine":
        await store.restart();
        break;
      default:
        child.kill("SIGKILL");
        await child.exited;
        victim.node = startNode(victim.line, { name: `n${index}-${count}`, scratch, role: victim.role });
        said.push(victim.node.said);
    }
  }
  for (const { node } of running) {
    node.child.kill("SIGKILL");
    await node.child.exited;
  }
  return (await Promise.all(said)).flatMap((text) => text.split("\n"));
}

test.each(engines)(
  "on %s nothing that a registry acknowledged is lost, whatever happens to it and to the store",
  async (_, start) => {
    await using store = await start();
    using scratch = temporaryDirectory();
    const lines = await play(store, scratch.path);
    const saying = (what: string) =>
      lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.split(" ").slice(1));
    const removed = new Set(saying("removed").map(([name, digest]) => `${name} ${digest}`));
    const promised = saying("promised");
    const kept = promised.filter(([name, digest]) => !removed.has(`${name} ${digest}`));
    // What a node found before it took something away, and what is left at the end.
    const lost = saying("lost").map((words) => words.join(" "));
    for (const image of kept) lost.push(...(await lostOf(store.objects, image)));
    const purged = saying("collected").reduce((total, [count]) => total + Number(count), 0);
    console.log(
      `${kills} misfortunes: ${promised.length} images acknowledged, ${removed.size} taken away, ${purged} contents collected, ` +
        `${saying("failed").length} refusals; ${saying("checked").length + kept.length} looked at, ${lost.length} things lost`,
    );
    expect([lost, kept.length > 0]).toEqual([[], true]);
  },
  7_200_000,
);
