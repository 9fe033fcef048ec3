import { expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openFlock } from "../../src/storage/flock.ts";
import { takeWorkHold } from "../../src/storage/work-hold.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("takeWorkHold() is had once; the second hears what the first wrote, and has it when the first lets go", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "lock");
  const first = takeWorkHold(openFlock(), path, "process 7, a longer note");
  expect(takeWorkHold(openFlock(), path, "process 8")).toEqual({ heldBy: "process 7, a longer note" });
  (first as Disposable)[Symbol.dispose]();
  using _second = takeWorkHold(openFlock(), path, "process 8") as Disposable;
  expect(readFileSync(path, "utf8")).toBe("process 8");
});

test("takeWorkHold() of a holder that was killed is had at once", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "lock");
  const script = `
    import { openFlock } from ${JSON.stringify(join(import.meta.dir, "../../src/storage/flock.ts"))};
    import { takeWorkHold } from ${JSON.stringify(join(import.meta.dir, "../../src/storage/work-hold.ts"))};
    globalThis.hold = takeWorkHold(openFlock(), ${JSON.stringify(path)}, "the child");
    console.log("held");
    setInterval(() => {}, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  await child.stdout.getReader().read();
  expect(takeWorkHold(openFlock(), path, "the test")).toEqual({ heldBy: "the child" });
  child.kill("SIGKILL");
  await child.exited;
  expect(takeWorkHold(openFlock(), path, "the test")).not.toHaveProperty("heldBy");
});

test("takeWorkHold() is had on a full disk, where its holder cannot write who it is", () => {
  // Another run of this test on the machine may hold the device.
  using hold = takeWorkHold({ tryLock: () => true }, "/dev/full", "process 7") as Disposable;
  expect(hold).not.toHaveProperty("heldBy");
});

test("takeWorkHold() reads no more than a note of what is in the file", () => {
  const neverFree = { tryLock: () => false };
  expect(takeWorkHold(neverFree, "/dev/zero", "process 7")).toEqual({ heldBy: "\0".repeat(1024) });
});

test("takeWorkHold() makes the file again when somebody removed it", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "lock");
  (takeWorkHold(openFlock(), path, "before") as Disposable)[Symbol.dispose]();
  rmSync(path);
  expect(takeWorkHold(openFlock(), path, "after")).not.toHaveProperty("heldBy");
});
