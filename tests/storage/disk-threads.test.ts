import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";

/** How many of twenty files that keep whoever opens them waiting are being opened at once, as threads of their own. */
const program = `
import { open } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { allowDiskThreads } from ${JSON.stringify(join(import.meta.dir, "../../src/storage/disk-threads.ts"))};
allowDiskThreads(process.env);
for (let number = 0; number < 20; number += 1) void open(process.argv[2] + "/" + number, "r").catch(() => {});
const nameOf = (task) => readFileSync("/proc/self/task/" + task + "/comm", "utf8");
const count = () => readdirSync("/proc/self/task").filter((task) => nameOf(task).startsWith("Bun Pool")).length;
for (let left = 1000; count() < Number(process.argv[3]) && left > 0; left -= 1) await Bun.sleep(10);
await Bun.sleep(100);
console.log(count());
process.exit(0);
`;

/** In one file, as in the executable: to read others, Bun begins its threads before anything can be said about them. */
async function countThreads(expected: number, env: Readonly<Record<string, string>>): Promise<number> {
  using directory = temporaryDirectory();
  const [source, bundle] = ["program.ts", "bundle.js"].map((name) => join(directory.path, name)) as [string, string];
  writeFileSync(source, program);
  const built = await Bun.build({ entrypoints: [source], target: "bun" });
  await Bun.write(bundle, built.outputs[0] ?? "");
  Bun.spawnSync(["mkfifo", ...Array.from({ length: 20 }, (_, number) => join(directory.path, String(number)))]);
  const { UV_THREADPOOL_SIZE: _size, GOMAXPROCS: _most, ...rest } = process.env;
  const command = [process.execPath, bundle, directory.path, String(expected)];
  return Number(Bun.spawnSync(command, { env: { ...rest, ...env }, stderr: "inherit" }).stdout.toString());
}

test.skipIf(process.platform !== "linux")("allowDiskThreads() lets many calls wait at once", async () => {
  expect(await countThreads(16, {})).toBe(16);
});

test.skipIf(process.platform !== "linux")("allowDiskThreads() leaves alone what an operator has set", async () => {
  expect(await countThreads(3, { UV_THREADPOOL_SIZE: "3" })).toBe(3);
});
