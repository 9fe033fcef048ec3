import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { endWithParent } from "../../../src/app/workers/parent-death.ts";
import { until } from "../../notifications/made-events.ts";

test("endWithParent() tells whether the parent is still there", () => {
  expect([endWithParent(process.ppid), endWithParent(-1)]).toEqual([true, false]);
});

test("the process ends at once when its parent ends, although it is stopped", async () => {
  const source = join(import.meta.dir, "../../../src/app/workers/parent-death.ts");
  const child = `
    const { endWithParent } = await import(${JSON.stringify(source)});
    endWithParent(process.ppid);
    console.log(process.pid);
    process.kill(process.pid, "SIGSTOP");
  `;
  const parent = `
    Bun.spawn([process.execPath, "-e", ${JSON.stringify(child)}], { stdio: ["ignore", "inherit", "inherit"] });
    setInterval(() => {}, 1000);
  `;
  const started = Bun.spawn([process.execPath, "-e", parent], { stdout: "pipe", stderr: "ignore" });
  const { value } = await started.stdout.getReader().read();
  const pid = Number(new TextDecoder().decode(value));
  const isThere = () => {
    try {
      // One that nobody has waited for yet is no more.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
    } catch {
      return false;
    }
  };
  await until("it is stopped", () => /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, "latin1")));
  started.kill("SIGKILL");
  await until("the child ends", () => !isThere());
  expect(isThere()).toBe(false);
});
