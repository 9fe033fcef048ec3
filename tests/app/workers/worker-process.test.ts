import { expect, test } from "bun:test";
import { join } from "node:path";
import type { WorkerReport } from "../../../src/app/workers/messages.ts";
import { ownCommand, spawnWith } from "../../../src/app/workers/worker-process.ts";
import { until } from "../../notifications/made-events.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("ownCommand() is the executable that runs, or the runtime with the file that it runs", () => {
  const built = "/$bunfs/root/registry";
  const commands = [true, false].map((canRun) => ownCommand(built, "/usr/bin/registry", canRun));
  expect([...commands, ownCommand("/src/main.ts", "/bin/bun")]).toEqual([
    ["/proc/self/exe"],
    ["/usr/bin/registry"],
    ["/bin/bun", "/src/main.ts"],
  ]);
});

/** A program in place of the worker. */
async function program(directory: string, text: string): Promise<readonly string[]> {
  const path = join(directory, "program.ts");
  await Bun.write(path, text);
  return [process.execPath, path];
}

test("spawnWith() starts a process that hears orders, is heard, and whose end is told", async () => {
  using directory = temporaryDirectory();
  const command = await program(
    directory.path,
    `process.on("message", (order) => {
       process.send({ kind: "failed", problem: process.argv.at(-1) + " " + process.env.SAID + " " + order.drainMs });
       if (order.drainMs === Infinity) process.exit(7);
     });`,
  );
  const heard: unknown[] = [];
  const worker = spawnWith(command, { ...process.env, SAID: "hello" })({
    onReport: (report: WorkerReport) => heard.push(report),
    onEnd: (reason) => heard.push(reason),
  });
  worker.send({ kind: "stop", drainMs: 1 });
  worker.send({ kind: "stop", drainMs: Number.POSITIVE_INFINITY });
  await until("it ends", () => heard.length === 3);
  // To nobody.
  worker.send({ kind: "end" });
  expect(heard).toEqual([
    { kind: "failed", problem: "worker hello 1" },
    { kind: "failed", problem: "worker hello Infinity" },
    "exit code 7",
  ]);
});

test("a worker that is killed ended by that signal", async () => {
  using directory = temporaryDirectory();
  const command = await program(directory.path, "setInterval(() => {}, 1000);");
  const heard: string[] = [];
  const worker = spawnWith(command, process.env)({ onReport: () => undefined, onEnd: (why) => heard.push(why) });
  worker.kill();
  await until("it ends", () => heard.length === 1);
  expect(heard).toEqual(["signal SIGKILL"]);
});
