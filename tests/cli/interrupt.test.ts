import { expect, test } from "bun:test";
import { join } from "node:path";
import { exitCodeOf, interruptibly } from "../../src/cli/interrupt.ts";
import { fakeIo } from "./fake-io.ts";

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s ends the work in order, with the exit code of a shell", async (signalName, code) => {
  const io = fakeIo();
  const outcome = await interruptibly(io, async (signal) => {
    process.emit(signalName, signalName);
    signal.throwIfAborted();
    return 0;
  });
  expect([outcome, io.errors()]).toEqual([code, "interrupted; run the same command again to resume it\n"]);
});

test("without one the outcome is the work's", async () => {
  expect(await interruptibly(fakeIo(), async () => 7)).toBe(7);
  const failing = interruptibly(fakeIo(), async () => {
    throw new Error("failed");
  });
  expect(failing).rejects.toThrow("failed");
});

const interrupt = join(import.meta.dir, "../../src/cli/interrupt.ts");

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s itself ends the process that was told to end by it", (name) => {
  const script = `
    import { endProcess } from ${JSON.stringify(interrupt)};
    process.on("${name}", () => {});
    endProcess(${exitCodeOf(name)});
  `;
  const { signalCode } = Bun.spawnSync([process.execPath, "-e", script]);
  expect(signalCode).toBe(name);
});

test("a process that was told to end with another code does", () => {
  const script = `import { endProcess } from ${JSON.stringify(interrupt)}; endProcess(141);`;
  expect(Bun.spawnSync([process.execPath, "-e", script]).exitCode).toBe(141);
});
